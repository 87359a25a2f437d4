import { type Clock, Informer, type KubeClient, type KubeObject, type Random } from '@sekisho/kube';
import { type IstioKind, LABEL, MANAGED_BY } from '@sekisho/policy';
import { issuerNames, owningPolicies, selectedLabels } from './references.ts';
import { GENERATED, ISSUERS, POLICIES } from './resources.ts';

export type PolicyIndex = 'issuer' | 'label';
export type OwnerIndex = 'uid' | 'policy';

/** Local copies of everything that reconciling reads. */
export interface Caches {
  readonly policies: Informer<PolicyIndex>;
  readonly issuers: Informer;
  readonly generated: Readonly<Record<IstioKind, Informer<OwnerIndex>>>;
}

export interface CacheOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly onError: (kind: string, error: unknown) => void;
}

export function createCaches({ client, clock, random, onError }: CacheOptions): Caches {
  const common = (kind: string) => ({ client, clock, random, onError: (error: unknown) => onError(kind, error) });
  const generated = (kind: IstioKind) =>
    new Informer<OwnerIndex>({
      ...common(kind),
      resource: GENERATED[kind],
      labelSelector: `${LABEL.managedBy}=${MANAGED_BY}`,
      indexes: {
        uid: (object) => owningPolicies(object).map(({ uid }) => uid),
        policy: (object) => owningPolicies(object).map(({ key }) => key),
      },
    });
  return {
    policies: new Informer<PolicyIndex>({
      ...common(POLICIES.kind),
      resource: POLICIES,
      indexes: { issuer: issuerNames, label: selectedLabels },
    }),
    issuers: new Informer({ ...common(ISSUERS.kind), resource: ISSUERS, indexes: {} }),
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
export function generatedBy({ generated }: Caches, index: OwnerIndex, value: string): readonly KubeObject[] {
  return Object.values(generated).flatMap(({ store }) => store.by(index, value));
}
