import { type KubeObject, keyOf } from '@sekisho/kube';
import type { IssuerState, IstioObject, Mesh, RawObject, Snapshot } from '@sekisho/policy';
import { type CacheViews, generatedBy } from './caches.ts';
import type { EnforcementWatch } from './enforce/watch.ts';
import type { KeySets, KeyState } from './key-sets.ts';
import type { ObservedViews } from './observe/observed.ts';
import { surroundingsOf } from './observe/surroundings.ts';
import {
  DEFAULT_ISSUER,
  isDefaultIssuer,
  issuerNames,
  type OwningPolicy,
  owningPolicies,
  targetsOf,
} from './references.ts';
import { toIstioObject } from './resources.ts';
import { namesakes, related } from './rivals.ts';

/** What the caches say about one policy key. */
export interface Gathered {
  /** Undefined: there is no such policy. */
  readonly snapshot: Snapshot | undefined;
  /** The first fetch of an issuer that the policy uses is under way; its end brings the key back. */
  readonly waiting: boolean;
}

/** Everything that a snapshot is read from. */
export interface Known {
  readonly caches: CacheViews;
  readonly keySets: KeySets;
  readonly mesh: Mesh;
  /** Undefined until all of it is known: half of it would warn of what is not so. */
  readonly observed: ObservedViews | undefined;
  /** Undefined where nobody asks istiod. */
  readonly enforcement?: Pick<EnforcementWatch, 'sight'> | undefined;
}

/** Reads caches only: no call, no clock. */
export function gather({ caches, keySets, mesh, observed, enforcement }: Known, key: string): Gathered {
  const policy = caches.policies.store.get(key);
  if (policy === undefined) return { snapshot: undefined, waiting: false };
  const issuers = caches.issuers.store.list().map((issuer) => ({ issuer, keys: keySets.stateOf(issuer) }));
  const uses = new Set(issuerNames(policy));
  const owned = generatedBy(caches, 'uid', policy.metadata.uid ?? '');
  // A refused policy may hold objects where it does not select any more; who selects there now is a rival too.
  const targets = [policy, ...owned].flatMap(targetsOf);
  const namespace = policy.metadata.namespace ?? '';
  return {
    snapshot: {
      policy,
      rivals: related(caches.policies.store, namespace, targets).filter((rival) => rival !== policy),
      namesakes: namesakes(caches.policies.store, policy),
      issuers: issuers.map(toIssuerState),
      owned: owned.flatMap((object) => toIstioObject(object) ?? []),
      mesh,
      ...(observed && { surroundings: surroundingsOf({ observed, caches }, policy, mesh.rootNamespace) }),
      ...(enforcement && { enforcement: enforcement.sight(key) }),
    },
    waiting: issuers.some(({ issuer, keys }) => keys.state === 'pending' && isUsed(issuer, uses)),
  };
}

/** Generated objects that belong to a policy of this key, but not to the one that exists. */
export function straysOf(caches: CacheViews, key: string): readonly KubeObject[] {
  const present = caches.policies.store.get(key)?.metadata.uid;
  return generatedBy(caches, 'policy', key).filter((object) =>
    owningPolicies(object).every((owner) => owner.key === key && owner.uid !== present),
  );
}

/**
 * What stands under the name of a planned object and still belongs to an earlier policy of the same name: a backup brings
 * it back so, or it outlived its owner.
 */
export function inheritedBy(
  policy: RawObject,
  { kind, metadata }: IstioObject,
  { generated }: CacheViews,
): KubeObject | undefined {
  const present = generated[kind].store.get(keyOf(metadata));
  const former = (owner: OwningPolicy) => owner.key === keyOf(policy.metadata) && owner.uid !== policy.metadata.uid;
  return present && owningPolicies(present).some(former) ? present : undefined;
}

function isUsed(issuer: KubeObject, uses: ReadonlySet<string>): boolean {
  return uses.has(issuer.metadata.name) || (uses.has(DEFAULT_ISSUER) && isDefaultIssuer(issuer));
}

function toIssuerState({ issuer, keys }: { issuer: KubeObject; keys: KeyState }): IssuerState {
  const jwks = 'jwks' in keys ? keys.jwks : undefined;
  const problem = 'problem' in keys ? keys.problem : undefined;
  return { issuer, ...(jwks && { jwks }), ...(problem !== undefined && { problem }) };
}
