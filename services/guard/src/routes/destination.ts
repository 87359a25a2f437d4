import type { KubeObject } from '@sekisho/kube';
import type { DecisionPolicy, DirectCaller, Jwks, Labels } from '@sekisho/policy';
import type { ObjectName } from './attachment.ts';
import type { PolicyBook, ReadyPolicy } from './policy-book.ts';
import type { MayReach } from './reference-grants.ts';
import { type BackendRef, type HttpRouteFilter, type HttpRouteRule, readService } from './shapes.ts';

/** A TokenIssuer besides the platform's, with the keys that the Gateway's proxies hold for it. */
export interface ExternalIssuer {
  readonly name: string;
  readonly iss: string;
  readonly jwks: Jwks;
}

/** The service that a request goes to, and what is decided by. */
export interface Target extends ReadyPolicy {
  /** Of the workload. */
  readonly port: number;
  /** Who calls the service: the Gateway's proxy. */
  readonly caller: DirectCaller;
  /** Besides the platform's own, by `iss`. */
  readonly external: ReadonlyMap<string, ExternalIssuer>;
  /** The `iss` whose tokens are exchanged for one of the platform; others pass as they are. */
  readonly exchanged: ReadonlySet<string>;
  /** Whether it is the auth service itself: it issued the credentials that applications have, and judges them. */
  readonly isAuth: boolean;
}

export type Destination =
  | { readonly kind: 'target'; readonly target: Target }
  /** The Gateway answers by itself: a redirect. */
  | { readonly kind: 'gateway' }
  /** What lies behind is not for the guard to let through. */
  | { readonly kind: 'closed'; readonly why: string; readonly policy?: string };

/** What the targets behind one Gateway share. */
export interface EdgeFacts {
  readonly caller: DirectCaller;
  readonly platformIssuer: string;
  readonly authService: string | undefined;
  readonly issuers: ReadonlyMap<string, ExternalIssuer>;
  readonly shared: ReadonlyMap<string, ReadonlySet<string>>;
}

export interface Surroundings {
  readonly facts: EdgeFacts;
  readonly mayReach: MayReach;
  readonly policies: Pick<PolicyBook, 'governing'>;
  readonly service: (name: ObjectName) => KubeObject | undefined;
}

/** An HTTPRoute, as far as all of its rules share it. */
export interface RouteFacts extends ObjectName {
  /** Whether the mesh takes nothing of it; see `isRefused`. */
  readonly isRefused: boolean;
}

/** Where a rule leads. Of several backends all must be one service: which one Envoy takes, only Envoy knows. */
export function destinationOf(rule: HttpRouteRule, route: RouteFacts, around: Surroundings): Destination {
  if (route.isRefused) return closed('the mesh takes nothing of the route, for one of its rules: see its status');
  const { filters = [], backendRefs = [] } = rule;
  if (filters.some(({ type }) => type === 'RequestRedirect')) return { kind: 'gateway' };
  const backends = backendRefs.filter(({ weight = 1 }) => weight > 0);
  const [first, ...others] = backends.map((backend) => backendOf(backend, route, around));
  if (first === undefined) return closed('the route names no backend');
  if (!others.every((other) => sameDestination(first, other))) {
    return closed('the backends of the route are different services');
  }
  const mirrors = filters.filter(({ type }) => type === 'RequestMirror');
  return mirrors.every((mirror) => staysWithin(first, mirror, (ref) => backendOf(ref, route, around)))
    ? first
    : closed('requests are mirrored to another service, which the token is not for');
}

/** Whether what a mirrored request carries, the token among it, comes to the workloads of the same policy only. */
function staysWithin(
  to: Destination,
  { requestMirror }: HttpRouteFilter,
  resolve: (backend: BackendRef) => Destination,
): boolean {
  if (to.kind !== 'target') return true;
  const mirror = requestMirror && resolve(requestMirror.backendRef);
  return mirror?.kind === 'target' && sameWorkloads(mirror.target, to.target);
}

/** Whether it makes no difference which of both is meant. */
export function sameDestination(a: Destination, b: Destination): boolean {
  if (a.kind !== 'target' || b.kind !== 'target') return a.kind === b.kind && a.kind === 'gateway';
  return sameWorkloads(a.target, b.target) && a.target.port === b.target.port;
}

/** A Service beside that of the auth service may have the same policy, and select others. */
function sameWorkloads(a: Target, b: Target): boolean {
  return a.name === b.name && a.isAuth === b.isAuth;
}

function backendOf(backend: BackendRef, route: ObjectName, around: Surroundings): Destination {
  const { facts, policies, service, mayReach } = around;
  const { group = '', kind = 'Service', namespace = route.namespace, name } = backend;
  if (group !== '' || kind !== 'Service') return closed(`the backend is a ${kind}, not a Service`);
  if (!mayReach(route.namespace, { namespace, name })) {
    return closed(`no ReferenceGrant in ${namespace} lets routes of ${route.namespace} lead to its Service ${name}`);
  }
  const object = service({ namespace, name });
  const spec = object && readService(object.spec);
  if (spec === undefined) return closed(`there is no Service ${namespace}/${name}`);
  const found = policies.governing(namespace, spec.selector ?? NO_LABELS);
  switch (found.state) {
    case 'ready':
      return {
        kind: 'target',
        target: targetOf(found.policy, facts, {
          port: workloadPort(backend, spec.ports),
          isAuth: `${namespace}/${name}` === facts.authService,
        }),
      };
    case 'unready':
      return { kind: 'closed', why: 'its policy is not in force: see its status', policy: found.name };
    case 'disputed':
      return { kind: 'closed', why: `the name of its service belongs to ${found.holder}`, policy: found.name };
    case 'none':
      return closed(`no ServiceAuthPolicy is for the Service ${namespace}/${name}`);
  }
}

const NO_LABELS: Labels = {};

function closed(why: string): Destination {
  return { kind: 'closed', why };
}

function targetOf(policy: ReadyPolicy, facts: EdgeFacts, at: Pick<Target, 'port' | 'isAuth'>): Target {
  const { issuers } = policy.decision satisfies DecisionPolicy;
  const others = [...facts.issuers].filter(([iss]) => iss !== facts.platformIssuer && issuers.has(iss));
  const shared = facts.shared.get(policy.service) ?? new Set();
  // A service that does not take the platform's tokens could do nothing with one; that becomes a narrower one whatever others take.
  const exchanged = issuers.has(facts.platformIssuer) && !at.isAuth ? [facts.platformIssuer, ...shared] : [];
  // What it did not issue, the auth service takes by exchange only, never as a credential.
  const external = at.isAuth ? [] : others;
  return { ...policy, ...at, caller: facts.caller, external: new Map(external), exchanged: new Set(exchanged) };
}

type Ports = NonNullable<ReturnType<typeof readService>>['ports'];

/** A port by name is known to the pods alone: the number of the Service's own is the best guess. */
function workloadPort({ port }: BackendRef, ports: Ports = []): number {
  const found = ports.find((one) => one.port === port) ?? ports[0];
  const target = found?.targetPort ?? found?.port ?? port ?? 0;
  return typeof target === 'number' ? target : (found?.port ?? 0);
}
