import { isRecord, type KubeObject } from '@sekisho/kube';
import { readPolicyStatus } from '@sekisho/policy';
import type { CacheViews } from './caches.ts';
import { heldKeys } from './held-keys.ts';
import { policiesUsing } from './policy-keys.ts';
import { isDefaultIssuer, owningPolicies } from './references.ts';

/** A policy whose workloads take tokens of an issuer, or will. */
export interface KeyHolder {
  readonly refused: boolean;
  /** Its RequestAuthentications as the API server holds them. */
  readonly objects: readonly KubeObject[];
}

/** Whom a new key of this issuer must reach before it is signed with. */
export function keyHolders(caches: CacheViews, issuer: KubeObject): readonly KeyHolder[] {
  const users = policiesUsing(caches, issuer.metadata.name, isDefaultIssuer(issuer));
  const among = new Set(users);
  const others = stillTaking(caches, issuer).filter((policy) => !among.has(policy));
  return [...users, ...others].map((policy) => ({
    refused: isRefused(policy),
    objects: caches.generated.RequestAuthentication.store.by('uid', policy.metadata.uid ?? ''),
  }));
}

/** Also those that name another issuer by now: what a refused policy had before stays in force, with the keys of then. */
function stillTaking({ policies, generated }: CacheViews, { spec }: KubeObject): readonly KubeObject[] {
  const iss = isRecord(spec) ? spec['issuer'] : undefined;
  const taking = generated.RequestAuthentication.store.list().filter((object) => heldKeys(object, iss).length > 0);
  const owners = taking.flatMap(owningPolicies).flatMap(({ key, uid }) => {
    const policy = policies.store.get(key);
    return policy?.metadata.uid === uid ? policy : [];
  });
  return [...new Set(owners)];
}

function isRefused({ status }: KubeObject): boolean {
  const conditions = readPolicyStatus(status).conditions ?? [];
  return conditions.some((condition) => condition.type === 'Accepted' && condition.status === 'False');
}
