import { type KubeObject, keyOf } from '@sekisho/kube';
import {
  type DecisionPolicy,
  type IssuerState,
  type Labels,
  type ObjectMeta,
  parseServiceAuthPolicy,
  prepareDecision,
  type RawObject,
  selectsAll,
  serviceHolders,
  serviceInForce,
  serviceNames,
  targetOf,
} from '@sekisho/policy';
import { byAge } from './attachment.ts';

/** A policy for workloads, ready to decide by. */
export interface ReadyPolicy {
  /** `namespace/name`. */
  readonly name: string;
  readonly service: string;
  readonly decision: DecisionPolicy;
  readonly whenUnavailable: 'Deny' | 'Allow';
}

interface Prepared {
  readonly issuers: readonly IssuerState[];
  readonly policy: ReadyPolicy | undefined;
}

/** What was found for the workloads behind a Service: `unready` is a policy that cannot be decided by yet. */
export type Governing =
  | { readonly state: 'ready'; readonly policy: ReadyPolicy }
  | { readonly state: 'unready'; readonly name: string }
  /** The name of its service is that of a policy in another namespace. */
  | { readonly state: 'disputed'; readonly name: string; readonly holder: string }
  | { readonly state: 'none' };

/**
 * The ServiceAuthPolicies of workloads. One that is refused after an edit is decided by as it last stood, as the mesh does, where
 * its last good objects stay; one that this process never saw in order is `unready`.
 */
export class PolicyBook {
  readonly #trustDomain: string;
  #objects: readonly KubeObject[] = [];
  #issuers: readonly IssuerState[] = [];
  #prepared = new WeakMap<KubeObject, Prepared>();
  /** By uid. */
  #lastGood = new Map<string, ReadyPolicy>();
  #holders: ReadonlyMap<string, RawObject> = new Map();

  constructor(trustDomain: string) {
    this.#trustDomain = trustDomain;
  }

  /** Takes what there is now. */
  update(policies: readonly KubeObject[], issuers: readonly IssuerState[]): void {
    this.#holders = serviceHolders(policies);
    this.#objects = policies.filter(({ spec }) => selectorOf(spec) !== undefined).sort(byAge);
    if (!sameIssuers(this.#issuers, issuers)) this.#issuers = issuers;
    const good = this.#objects.flatMap((object) => {
      const policy = this.#ready(object);
      return policy === undefined ? [] : [[uidOf(object), policy] as const];
    });
    this.#lastGood = new Map(good);
  }

  /** Policies by which tokens of their service are judged: not one that asks for the name of another namespace's in vain. */
  ready(): readonly ReadyPolicy[] {
    return this.#objects.flatMap((object) => {
      const policy = this.#lastGood.get(uidOf(object));
      return policy !== undefined && this.#isNamed(object, policy.service) ? [policy] : [];
    });
  }

  /**
   * Services of which this process never saw one of the policies in order. The mesh goes by the objects that stand for it, and what they ask
   * for is not known here: whatever all policies of a service must agree on, they do not.
   */
  unknown(): ReadonlySet<string> {
    const unready = this.#objects.filter((object) => !this.#lastGood.has(uidOf(object)));
    return new Set(unready.flatMap((object) => serviceNames(object).filter((name) => this.#isNamed(object, name))));
  }

  /** Whether a policy has to do with the tokens of a service, and does not ask for the name of another namespace's in vain. */
  #isNamed(object: KubeObject, service: string): boolean {
    return this.#holderElsewhere(object, service) === undefined || serviceInForce(object) === service;
  }

  /**
   * The policy of the workloads that a Service selects: the oldest one governs where several do. A policy that asks for labels
   * which the Service does not name is taken only where no other fits; if it does not govern after all, the mesh refuses.
   */
  governing(namespace: string, selector: Labels): Governing {
    const near = this.#objects.filter(({ metadata }) => metadata.namespace === namespace);
    const certain = near.find(({ spec }) => selectsAll(selectorOf(spec) ?? {}, selector));
    const found = certain ?? near.find(({ spec }) => touches(selectorOf(spec) ?? {}, selector));
    if (found === undefined) return { state: 'none' };
    const policy = this.#lastGood.get(uidOf(found));
    const name = keyOf(found.metadata);
    if (policy === undefined) return { state: 'unready', name };
    const holder = this.#holderElsewhere(found, policy.service);
    return holder === undefined ? { state: 'ready', policy } : { state: 'disputed', name, holder: keyOf(holder) };
  }

  /** Who has the name of a service, in another namespace than the policy: a token for it would be a token for that one. */
  #holderElsewhere({ metadata }: KubeObject, service: string): ObjectMeta | undefined {
    const holder = this.#holders.get(service)?.metadata;
    return holder?.namespace === metadata.namespace ? undefined : holder;
  }

  #ready(object: KubeObject): ReadyPolicy | undefined {
    const known = this.#prepared.get(object);
    const prepared = known?.issuers === this.#issuers ? known : this.#prepare(object);
    this.#prepared.set(object, prepared);
    return prepared.policy ?? this.#lastGood.get(uidOf(object));
  }

  #prepare(object: KubeObject): Prepared {
    const issuers = this.#issuers;
    const parsed = parseServiceAuthPolicy(object);
    if (!parsed.ok) return { issuers, policy: undefined };
    const { spec } = parsed.value;
    const prepared = prepareDecision(parsed.value, issuers, this.#trustDomain);
    if (!prepared.ok) return { issuers, policy: undefined };
    const { whenUnavailable } = spec.revocation;
    const name = keyOf(object.metadata);
    return { issuers, policy: { name, service: spec.service, decision: prepared.policy, whenUnavailable } };
  }
}

function selectorOf(spec: unknown): Labels | undefined {
  const target = targetOf(spec);
  return target !== undefined && 'selector' in target ? target.selector.matchLabels : undefined;
}

/** One label in common, and none that contradicts. */
function touches(wanted: Labels, selector: Labels): boolean {
  const shared = Object.entries(wanted).filter(([key]) => Object.hasOwn(selector, key));
  return shared.length > 0 && shared.every(([key, value]) => selector[key] === value);
}

/** Another policy of the same name is another one: what its predecessor allowed is over. */
function uidOf({ metadata }: KubeObject): string {
  return metadata.uid ?? keyOf(metadata);
}

function sameIssuers(a: readonly IssuerState[], b: readonly IssuerState[]): boolean {
  return (
    a.length === b.length &&
    a.every((state, index) => state.issuer === b[index]?.issuer && state.jwks === b[index]?.jwks)
  );
}
