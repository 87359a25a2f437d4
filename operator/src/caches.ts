import {
  type Clock,
  type IndexFunction,
  Informer,
  type KubeClient,
  type KubeObject,
  type Random,
  type StoreView,
} from '@sekisho/kube';
import { type IstioKind, LABEL, MANAGED_BY, serviceNames } from '@sekisho/policy';
import type { Outages } from './outages.ts';
import { issuerNames, owningPolicies, selectedLabels } from './references.ts';
import { GENERATED, ISSUERS, POLICIES } from './resources.ts';
import { TARGET_INDEXES, type TargetIndex } from './rivals.ts';
import { sharingKeySets } from './shared-key-sets.ts';

/** `service`: names that the policy asks for, or has in force. */
export type PolicyIndex = 'issuer' | 'label' | 'namespace' | 'service' | TargetIndex;
/** `unowned`: by namespace, what carries our label and belongs to no policy. */
export type OwnerIndex = 'uid' | 'policy' | 'namespace' | 'unowned' | TargetIndex;

/** What reconciling reads: local copies of everything that matters. */
export interface CacheViews {
  readonly policies: { readonly store: StoreView<PolicyIndex> };
  readonly issuers: { readonly store: StoreView };
  readonly generated: Readonly<Record<IstioKind, { readonly store: StoreView<OwnerIndex> }>>;
}

/** The same with what fills them. */
export interface Caches extends CacheViews {
  readonly policies: Informer<PolicyIndex>;
  readonly issuers: Informer;
  readonly generated: Readonly<Record<IstioKind, Informer<OwnerIndex>>>;
}

const inNamespace: IndexFunction = ({ metadata }) => [metadata.namespace ?? ''];

export const POLICY_INDEXES: Readonly<Record<PolicyIndex, IndexFunction>> = {
  issuer: issuerNames,
  label: selectedLabels,
  namespace: inNamespace,
  service: serviceNames,
  ...TARGET_INDEXES,
};
export const OWNER_INDEXES: Readonly<Record<OwnerIndex, IndexFunction>> = {
  uid: (object) => owningPolicies(object).map(({ uid }) => uid),
  policy: (object) => owningPolicies(object).map(({ key }) => key),
  namespace: inNamespace,
  unowned: (object) => (owningPolicies(object).length === 0 ? inNamespace(object) : []),
  ...TARGET_INDEXES,
};

export interface CacheOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly outages: Outages;
}

/** What the informer of a kind needs beside the kind. */
export function watching({ client, clock, random, outages }: CacheOptions, kind: string) {
  const what = `watching ${kind}`;
  return {
    client,
    clock,
    random,
    onError: (error: unknown) => outages.failed(what, error),
    onRecovered: () => outages.ended(what),
  };
}

export function createCaches(options: CacheOptions): Caches {
  const generated = (kind: IstioKind) =>
    new Informer<OwnerIndex>({
      ...watching(options, kind),
      resource: GENERATED[kind],
      labelSelector: `${LABEL.managedBy}=${MANAGED_BY}`,
      prune: kind === 'RequestAuthentication' ? sharingKeySets() : undefined,
      indexes: OWNER_INDEXES,
    });
  return {
    policies: new Informer<PolicyIndex>({
      ...watching(options, POLICIES.kind),
      resource: POLICIES,
      indexes: POLICY_INDEXES,
    }),
    issuers: new Informer({ ...watching(options, ISSUERS.kind), resource: ISSUERS, indexes: {} }),
    generated: {
      RequestAuthentication: generated('RequestAuthentication'),
      AuthorizationPolicy: generated('AuthorizationPolicy'),
      PeerAuthentication: generated('PeerAuthentication'),
    },
  };
}

export function allOf({ policies, issuers, generated }: Caches) {
  return [policies, issuers, ...Object.values(generated)] as const;
}

/** Generated objects under an index value, of every kind. */
export function generatedBy({ generated }: CacheViews, index: OwnerIndex, value: string): readonly KubeObject[] {
  return Object.values(generated).flatMap(({ store }) => store.by(index, value));
}
