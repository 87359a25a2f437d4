import type { KubeObject } from '@sekisho/kube';
import type { IssuerState, MeshFacts, Snapshot } from '@sekisho/policy';
import { type CacheViews, generatedBy } from './caches.ts';
import type { KeySets, KeyState } from './key-sets.ts';
import { DEFAULT_ISSUER, isDefaultIssuer, issuerNames, owningPolicies, related, selectionsOf } from './references.ts';
import { toIstioObject } from './resources.ts';

/** What the caches say about one policy key. */
export interface Gathered {
  /** Undefined: there is no such policy. */
  readonly snapshot: Snapshot | undefined;
  /** The first fetch of an issuer that the policy uses is under way; its end brings the key back. */
  readonly waiting: boolean;
}

/** Reads caches only: no call, no clock. */
export function gather(caches: CacheViews, keySets: KeySets, key: string, mesh: MeshFacts): Gathered {
  const policy = caches.policies.store.get(key);
  if (policy === undefined) return { snapshot: undefined, waiting: false };
  const issuers = caches.issuers.store.list().map((issuer) => ({ issuer, keys: keySets.stateOf(issuer) }));
  const uses = new Set(issuerNames(policy));
  const owned = generatedBy(caches, 'uid', policy.metadata.uid ?? '');
  // A refused policy may hold objects where it does not select any more; who selects there now is a rival too.
  const selections = [policy, ...owned].flatMap(selectionsOf);
  const neighbours = caches.policies.store.by('namespace', policy.metadata.namespace ?? '');
  return {
    snapshot: {
      policy,
      rivals: related(neighbours, selections).filter((rival) => rival !== policy),
      issuers: issuers.map(toIssuerState),
      owned: owned.flatMap((object) => toIstioObject(object) ?? []),
      mesh,
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

function isUsed(issuer: KubeObject, uses: ReadonlySet<string>): boolean {
  return uses.has(issuer.metadata.name) || (uses.has(DEFAULT_ISSUER) && isDefaultIssuer(issuer));
}

function toIssuerState({ issuer, keys }: { issuer: KubeObject; keys: KeyState }): IssuerState {
  const jwks = 'jwks' in keys ? keys.jwks : undefined;
  const problem = 'problem' in keys ? keys.problem : undefined;
  return { issuer, ...(jwks && { jwks }), ...(problem !== undefined && { problem }) };
}
