import type { IstioObject, ServiceAuthPolicy } from '../resources.ts';
import { providerOf } from '../revocation.ts';
import { attaches, type Surroundings } from './surroundings.ts';
import type { Warning } from './warning.ts';

const MAX_NAMED = 3;

/** Policies of other authors on the same workloads: Istio takes the union of all, not the strictest. */
export function foreignWarnings(policy: ServiceAuthPolicy, { workloads, foreign }: Surroundings): readonly Warning[] {
  const { namespace } = policy.metadata;
  const attached = foreign.filter((object) => workloads.labels.some((labels) => attaches(object, labels, namespace)));
  const inForce = attached.filter((object) => !isDryRun(object));
  const provider = providerOf(policy.spec);
  const custom = inForce.filter(
    ({ spec }) => provider !== undefined && spec['action'] === 'CUSTOM' && providerName(spec) !== provider,
  );
  const allow = inForce.filter(isOpening);
  const tokens = attached.filter(({ kind }) => kind === 'RequestAuthentication');
  return [
    ...warn('ForeignProvider', custom, (names) => {
      return `AuthorizationPolicies of others (${names}) ask another provider, and istiod denies every request to which both apply, unless it is told to allow several; remove them`;
    }),
    ...warn('ForeignAllow', allow, (names) => {
      return `AuthorizationPolicies of others (${names}) may allow what no rule here allows; move their rules here, or narrow their selectors`;
    }),
    ...warn('ForeignRequestAuthentication', tokens, (names) => {
      return `RequestAuthentications of others (${names}) verify further tokens and may write identity headers from them; use a TokenIssuer instead`;
    }),
  ];
}

function warn(
  reason: Warning['reason'],
  objects: readonly IstioObject[],
  message: (names: string) => string,
): readonly Warning[] {
  if (objects.length === 0) return [];
  const names = objects.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).sort();
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  return [{ reason, message: message(`${names.slice(0, MAX_NAMED).join(', ')}${more}`) }];
}

/** ALLOW is the default action; without rules it matches nothing. */
function isOpening({ kind, spec }: IstioObject): boolean {
  const { action = 'ALLOW', rules = [] }: { action?: unknown; rules?: unknown } = spec;
  return kind === 'AuthorizationPolicy' && action === 'ALLOW' && Array.isArray(rules) && rules.length > 0;
}

function providerName({ provider }: IstioObject['spec']): unknown {
  return Reflect.get(Object(provider), 'name');
}

/** Go's ParseBool, as istiod reads the annotation. */
function isDryRun({ kind, metadata }: IstioObject): boolean {
  const value = metadata.annotations?.['istio.io/dry-run'] ?? '';
  return kind === 'AuthorizationPolicy' && ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value);
}
