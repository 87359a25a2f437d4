import { type KubeObject, Store } from '@sekisho/kube';
import { type CacheViews, OWNER_INDEXES, POLICY_INDEXES } from '../caches.ts';

/** Caches that hold these policies, and these generated objects. */
export function cachesOf(policies: readonly KubeObject[], generated: readonly KubeObject[] = []) {
  const ofKind = (kind: string) => {
    const store = new Store(OWNER_INDEXES);
    store.replace(generated.filter((object) => object.kind === kind));
    return { store };
  };
  const caches = {
    policies: { store: new Store(POLICY_INDEXES) },
    issuers: { store: new Store({}) },
    generated: {
      RequestAuthentication: ofKind('RequestAuthentication'),
      AuthorizationPolicy: ofKind('AuthorizationPolicy'),
      PeerAuthentication: ofKind('PeerAuthentication'),
    },
  };
  caches.policies.store.replace(policies);
  return caches satisfies CacheViews;
}
