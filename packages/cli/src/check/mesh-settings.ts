import { PROVIDER } from '@sekisho/policy';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { doubtful, type Finding, lacking, ok } from './finding.ts';

const Headers = Type.Optional(Type.Array(Type.String()));
const Http = Type.Object({
  service: Type.Optional(Type.String()),
  pathPrefix: Type.Optional(Type.String()),
  failOpen: Type.Optional(Type.Boolean()),
  timeout: Type.Optional(Type.String()),
  statusOnError: Type.Optional(Type.String()),
  includeRequestHeadersInCheck: Headers,
  includeAdditionalHeadersInCheck: Type.Optional(Type.Record(Type.String(), Type.String())),
  headersToUpstreamOnAllow: Headers,
  headersToDownstreamOnDeny: Headers,
});
type HttpProvider = Static<typeof Http>;

/** What of the mesh config is looked at (istio.io/docs/reference/config/istio.mesh.v1alpha1). */
const MeshSettings = Type.Object({
  pathNormalization: Type.Optional(Type.Object({ normalization: Type.Optional(Type.String()) })),
  extensionProviders: Type.Optional(
    Type.Array(Type.Object({ name: Type.String(), envoyExtAuthzHttp: Type.Optional(Http) })),
  ),
});

/** The name of the server that TLS was opened for, which the guard must have from Envoy and never from a client. */
const SERVER_NAME = { header: 'x-sekisho-server-name', value: '%REQUESTED_SERVER_NAME%' } as const;
const ON_DENY = ['content-type', 'cache-control', 'www-authenticate', 'retry-after'];
/** What the guard needs to know of a request at the edge; without some of them it lets less pass, without `cookie` more. */
const EDGE_HEADERS = [
  ...['x-forwarded-proto', 'x-request-id', 'user-agent', 'origin', 'access-control-request-method'],
  ...['cookie', 'sec-fetch-site', 'sec-fetch-mode', 'sec-fetch-dest', 'upgrade', 'accept'],
];
const WAY_OUT = 'Take it over from istio/mesh-config.yaml into the mesh config.';

/** The guard that providers lead to. */
export interface AskedGuard {
  /** `<name>.<namespace>` of its Service. */
  readonly service: string;
  /** Whether any policy has it asked: without one no provider is needed. */
  readonly isAsked: boolean;
}

/** @param document the decoded mesh config */
export function meshFindings(document: unknown, guard: AskedGuard): readonly Finding[] {
  // An empty document decodes to null.
  const settings = document ?? {};
  if (!Value.Check(MeshSettings, settings)) {
    const [problem] = Value.Errors(MeshSettings, settings);
    return [lacking('mesh config', `istiod reads no such settings: ${problem?.instancePath ?? ''}`, WAY_OUT)];
  }
  const provider = (name: string) =>
    settings.extensionProviders?.find((candidate) => candidate.name === name)?.envoyExtAuthzHttp;
  return [
    normalisation(settings.pathNormalization?.normalization),
    ...providerFindings({ name: PROVIDER.edge, faultsOf: edgeFaults, guard }, provider(PROVIDER.edge)),
    ...providerFindings({ name: PROVIDER.hop, faultsOf: hopFaults, guard }, provider(PROVIDER.hop)),
  ];
}

function normalisation(found = 'DEFAULT'): Finding {
  const about = 'mesh config: pathNormalization';
  if (found === 'DECODE_AND_MERGE_SLASHES') return ok(about, found);
  const next =
    'Set pathNormalization.normalization to DECODE_AND_MERGE_SLASHES: else /api//x passes rules about /api/x.';
  return lacking(about, found, next);
}

/** What is wrong about a provider, each as one clause. */
type Faults = (provider: HttpProvider) => readonly string[];

interface Wanted {
  readonly name: string;
  readonly faultsOf: Faults;
  readonly guard: AskedGuard;
}

function providerFindings({ name, faultsOf, guard }: Wanted, provider: HttpProvider | undefined): readonly Finding[] {
  const about = `mesh config: extensionProvider ${name}`;
  if (provider === undefined) {
    return [guard.isAsked ? lacking(about, 'not there', WAY_OUT) : ok(about, 'not there, and no policy asks for it')];
  }
  const faults = [...elsewhere(provider, guard), ...commonFaults(provider), ...faultsOf(provider)];
  const slow = seconds(provider.timeout);
  return [
    faults.length === 0 ? ok(about, `asks ${provider.service}`) : lacking(about, faults.join('; '), WAY_OUT),
    ...(slow <= 1
      ? []
      : [doubtful(about, `a request waits up to ${slow} s for the guard`, 'Set its timeout to 250ms.')]),
  ];
}

/** Whatever the domain of the cluster is. */
function elsewhere({ service = 'nobody' }: HttpProvider, guard: AskedGuard): readonly string[] {
  // Istio takes `<namespace>/<host>`, too.
  const host = service.slice(service.indexOf('/') + 1);
  if (`${host}.`.startsWith(`${guard.service}.`)) return [];
  return [`asks ${service} instead of ${guard.service}.svc.cluster.local`];
}

function commonFaults({ failOpen = false, statusOnError, headersToDownstreamOnDeny }: HttpProvider): readonly string[] {
  return [
    ...(failOpen ? ['failOpen lets everything pass while the guard is away'] : []),
    ...(statusOnError === '503' ? [] : [`statusOnError is ${statusOnError ?? '403, by default,'} instead of 503`]),
    ...absent('headersToDownstreamOnDeny', headersToDownstreamOnDeny, ON_DENY),
  ];
}

function edgeFaults(provider: HttpProvider): readonly string[] {
  const { includeRequestHeadersInCheck: sent = [], includeAdditionalHeadersInCheck: added = {} } = provider;
  const isForgeable = lower(sent).includes(SERVER_NAME.header);
  return [
    ...prefix(provider, '/edge'),
    ...absent('includeRequestHeadersInCheck', sent, EDGE_HEADERS),
    ...absent('headersToUpstreamOnAllow', provider.headersToUpstreamOnAllow, ['authorization', 'cookie']),
    ...absent('headersToDownstreamOnDeny', provider.headersToDownstreamOnDeny, ['location']),
    ...(added[SERVER_NAME.header] === SERVER_NAME.value
      ? []
      : [`includeAdditionalHeadersInCheck lacks ${SERVER_NAME.header}: '${SERVER_NAME.value}'`]),
    ...(isForgeable ? [`includeRequestHeadersInCheck takes ${SERVER_NAME.header} from clients`] : []),
  ];
}

function hopFaults(provider: HttpProvider): readonly string[] {
  return prefix(provider, '/hop');
}

function prefix({ pathPrefix = 'absent' }: HttpProvider, wanted: string): readonly string[] {
  return pathPrefix === wanted ? [] : [`pathPrefix is ${pathPrefix} instead of ${wanted}`];
}

function absent(field: string, found: readonly string[] = [], wanted: readonly string[]): readonly string[] {
  const names = lower(found);
  const lacks = wanted.filter((name) => !names.includes(name));
  return lacks.length === 0 ? [] : [`${field} lacks ${lacks.join(', ')}`];
}

const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600 };

/** Of a duration as Go writes it; what cannot be read counts as Istio's default, ten minutes. */
function seconds(duration = '600s'): number {
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.map(([part]) => part).join('') !== duration) return 600;
  return parts.reduce((sum, [, amount, unit = '']) => sum + Number(amount) * (UNITS[unit] ?? 0), 0);
}
