import { type KubeObject, keyOf } from '@sekisho/kube';
import { type DirectCaller, GATEWAY, type IssuerState, type Jwks, parseTokenIssuer, targetOf } from '@sekisho/policy';
import type { ObjectName } from './attachment.ts';
import {
  type Destination,
  destinationOf,
  type EdgeFacts,
  type ExternalIssuer,
  type Surroundings,
} from './destination.ts';
import { KeyBook } from './issuer-keys.ts';
import type { RouteQuery } from './match.ts';
import { PolicyBook, type ReadyPolicy } from './policy-book.ts';
import { reachOf } from './reference-grants.ts';
import { type RouteTable, routeTable } from './route-table.ts';
import { type Routed, routed } from './routed.ts';
import type { Arrival } from './sections.ts';

/** What the API server holds, of each kind that matters. */
export interface ClusterState {
  readonly gateways: readonly KubeObject[];
  readonly routes: readonly KubeObject[];
  /** ReferenceGrants. */
  readonly grants: readonly KubeObject[];
  readonly service: (name: ObjectName) => KubeObject | undefined;
  readonly namespace: (name: string) => KubeObject | undefined;
  readonly policies: readonly KubeObject[];
  readonly issuers: readonly KubeObject[];
  readonly keys: readonly KubeObject[];
}

export interface RoutingOptions {
  readonly trustDomain: string;
  /** `iss` of the platform's tokens. */
  readonly platformIssuer: string;
  /** Service of the auth service, `namespace/name`; undefined where no Gateway leads to it. */
  readonly authService?: string | undefined;
  /** Headers by which routes may choose because Envoy sends them along, in lower case. */
  readonly visibleHeaders: readonly string[];
}

/** Everything that is known of the cluster, made ready for requests. Each `update` replaces it as a whole. */
export class Routing {
  readonly #options: RoutingOptions;
  readonly #visible: ReadonlySet<string>;
  readonly #keys = new KeyBook();
  readonly #policies: PolicyBook;
  /** Undefined until there is an update. */
  #tables: readonly RouteTable<Destination>[] | undefined;
  /** Of each service whether every policy of that name lets through while revocations are not known. */
  #lenient: ReadonlySet<string> = new Set();
  /** Names of TokenIssuers by `iss`. */
  #issuerNames: ReadonlyMap<string, string> = new Map();

  constructor(options: RoutingOptions) {
    this.#options = options;
    this.#visible = new Set(options.visibleHeaders);
    this.#policies = new PolicyBook(options.trustDomain);
  }

  update(state: ClusterState): void {
    this.#keys.update(state.keys);
    this.#policies.update(state.policies, issuerStates(state.issuers, this.#keys.anywhere()));
    this.#issuerNames = issuerNames(state.issuers);
    const ready = this.#policies.ready();
    const unknown = this.#policies.unknown();
    const denying = ready.filter((policy) => policy.whenUnavailable === 'Deny').map(({ service }) => service);
    const strict = new Set([...unknown, ...denying]);
    this.#lenient = new Set(ready.map(({ service }) => service).filter((service) => !strict.has(service)));
    const shared = sharedIssuers(ready.filter(({ service }) => !unknown.has(service)));
    const mayReach = reachOf(state.grants);
    this.#tables = guardedGateways(state).map((gateway) => this.#table(gateway, state, { shared, mayReach }));
  }

  /** How many routes lead somewhere is not told: readiness only asks whether Gateways are guarded at all. */
  get gateways(): number {
    return this.#tables?.length ?? 0;
  }

  find(arrival: Arrival, query: RouteQuery): Routed {
    return this.#tables === undefined ? { kind: 'unread' } : routed(this.#tables, { arrival, query });
  }

  /** What a hop does while revocations are not known: it is told no route, so every policy of the audience must agree. */
  whenUnavailable(audience: readonly string[]): 'Deny' | 'Allow' {
    return audience.length > 0 && audience.every((service) => this.#lenient.has(service)) ? 'Allow' : 'Deny';
  }

  /** By this name the users of an issuer are told apart from those of all others. */
  issuerNamed(iss: string): string | undefined {
    return this.#issuerNames.get(iss);
  }

  #table(
    gateway: KubeObject,
    state: ClusterState,
    { shared, mayReach }: Pick<EdgeFacts, 'shared'> & Pick<Surroundings, 'mayReach'>,
  ): RouteTable<Destination> {
    const facts: EdgeFacts = {
      caller: callerOf(gateway, this.#options.trustDomain),
      platformIssuer: this.#options.platformIssuer,
      authService: this.#options.authService,
      issuers: externalIssuers(state.issuers, this.#keys.ofGateway(nameOf(gateway))),
      shared,
    };
    return routeTable({
      gateway,
      routes: state.routes,
      visibleHeaders: this.#visible,
      labelsOf: (namespace) => state.namespace(namespace)?.metadata.labels,
      resolve: (rule, route) =>
        destinationOf(rule, route, { facts, mayReach, policies: this.#policies, service: state.service }),
    });
  }
}

/** Gateways that a policy is for. Which questions they ask is written there; an unreadable policy guards on as before. */
function guardedGateways({ gateways, policies }: ClusterState): readonly KubeObject[] {
  const guarded = new Set(
    policies.flatMap(({ metadata, spec }) => {
      const target = targetOf(spec);
      const refs = target !== undefined && 'targetRefs' in target ? target.targetRefs : [];
      return refs
        .filter(({ kind }) => kind === GATEWAY.kind)
        .map(({ name }) => keyOf({ ...(metadata.namespace !== undefined && { namespace: metadata.namespace }), name }));
    }),
  );
  return gateways.filter(({ metadata }) => guarded.has(keyOf(metadata)));
}

/**
 * Under which name a Gateway's proxies call services: the ServiceAccount that istiod makes for it, `<gateway>-<class>`
 * (https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/#automated-deployment).
 */
function callerOf(gateway: KubeObject, trustDomain: string): DirectCaller {
  const { namespace, name } = nameOf(gateway);
  const { spec } = gateway;
  const named = typeof spec === 'object' && spec !== null && 'gatewayClassName' in spec ? spec.gatewayClassName : '';
  return { trustDomain, namespace, serviceAccount: `${name}-${String(named)}` };
}

function nameOf({ metadata }: KubeObject): ObjectName {
  return { namespace: metadata.namespace ?? '', name: metadata.name };
}

function issuerStates(issuers: readonly KubeObject[], keys: ReadonlyMap<string, Jwks>): readonly IssuerState[] {
  return issuers.map((issuer) => {
    const parsed = parseTokenIssuer(issuer);
    const jwks = parsed.ok ? keys.get(parsed.value.spec.issuer) : undefined;
    return { issuer, ...(jwks !== undefined && { jwks }) };
  });
}

/** Of several with one `iss` the last, as in `externalIssuers`. */
function issuerNames(issuers: readonly KubeObject[]): ReadonlyMap<string, string> {
  return new Map(
    issuers.flatMap((issuer) => {
      const parsed = parseTokenIssuer(issuer);
      return parsed.ok ? [[parsed.value.spec.issuer, issuer.metadata.name] as const] : [];
    }),
  );
}

function externalIssuers(
  issuers: readonly KubeObject[],
  keys: ReadonlyMap<string, Jwks>,
): ReadonlyMap<string, ExternalIssuer> {
  const known = issuers.flatMap((issuer) => {
    const parsed = parseTokenIssuer(issuer);
    const jwks = parsed.ok ? keys.get(parsed.value.spec.issuer) : undefined;
    if (!parsed.ok || jwks === undefined) return [];
    const iss = parsed.value.spec.issuer;
    return [[iss, { name: issuer.metadata.name, iss, jwks }] as const];
  });
  return new Map(known);
}

/** By service, the issuers that every policy of that name takes: a token of one may become the platform's own for it. */
function sharedIssuers(policies: readonly ReadyPolicy[]): ReadonlyMap<string, ReadonlySet<string>> {
  const shared = new Map<string, ReadonlySet<string>>();
  for (const { service, decision } of policies) {
    const before = shared.get(service);
    const own = [...decision.issuers.keys()].filter((iss) => before === undefined || before.has(iss));
    shared.set(service, new Set(own));
  }
  return shared;
}
