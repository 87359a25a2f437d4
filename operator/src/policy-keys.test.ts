import type { KubeObject } from '@sekisho/kube';
import { describe, expect, test } from 'vitest';
import type { CacheViews } from './caches.ts';
import { gather } from './gather.ts';
import { KeySets } from './key-sets.ts';
import { keysOfGenerated, keysOfIssuer, keysOfPolicy } from './policy-keys.ts';
import { cachesOf } from './testing/caches.ts';
import { MESH, planOf, serviceAuthPolicy, tokenIssuer } from './testing/objects.ts';

const known = (caches: CacheViews) => ({ caches, keySets, mesh: MESH, observed: undefined });
const keySets = new KeySets({
  fetch: () => Promise.reject(new Error('none')),
  refreshMs: 1,
  random: () => 0,
  clock: { now: () => 0, monotonic: () => 0, after: () => () => undefined },
  onChange: () => undefined,
  onFailure: () => undefined,
});

const appeared = (after: KubeObject) => ({ key: `shop/${after.metadata.name}`, before: undefined, after });
const selecting = (name: string, matchLabels: Record<string, string>) =>
  serviceAuthPolicy(name, { selector: { matchLabels } });
const withStatus = (policy: KubeObject, status: string, message = '') => {
  const condition = { type: 'Programmed', status, reason: 'r', message, lastTransitionTime: '2026-01-01T00:00:00Z' };
  return { ...policy, status: { conditions: [condition] } };
};

describe('keysOfPolicy', () => {
  const a = selecting('a', { app: 'x' });
  const b = selecting('b', { app: 'x', tier: 'y' });
  const c = selecting('c', { tier: 'y' });
  const far = selecting('far', { app: 'z', tier: 'z' });
  const elsewhere = { ...a, metadata: { ...a.metadata, name: 'elsewhere', namespace: 'other' } };

  test('a new policy concerns those that it may meet, also through a third one, and nobody else', () => {
    const keys = keysOfPolicy(cachesOf([a, b, c, far, elsewhere]), appeared(a));
    expect(new Set(keys)).toEqual(new Set(['shop/a', 'shop/b', 'shop/c']));
  });

  test('a policy that stops selecting a workload concerns those that it met before', () => {
    const moved = { ...selecting('a', { app: 'elsewhere' }), metadata: { ...a.metadata, generation: 2 } };
    const keys = keysOfPolicy(cachesOf([moved, b]), { key: 'shop/a', before: a, after: moved });
    expect(keys).toContain('shop/b');
  });

  test('a message in the status concerns the policy alone, a condition that turns also its rivals', () => {
    const caches = cachesOf([a, b]);
    const change = (before: KubeObject, after: KubeObject) => keysOfPolicy(caches, { key: 'shop/a', before, after });
    expect(change(withStatus(a, 'False'), withStatus(a, 'False', 'more'))).toEqual(['shop/a']);
    expect(change(withStatus(a, 'False'), withStatus(a, 'True'))).toContain('shop/b');
  });

  test('a policy that lets go of its last objects concerns its rivals', () => {
    const objects = [{ kind: 'AuthorizationPolicy', name: 'a-allow' }];
    const conflicted = withStatus(a, 'False');
    const holding = { ...conflicted, status: { ...conflicted.status, objects } };
    expect(keysOfPolicy(cachesOf([a, b]), { key: 'shop/a', before: holding, after: conflicted })).toContain('shop/b');
  });

  test('a policy that comes to have a name, or lets go of it, concerns those elsewhere that ask for it', () => {
    const namesake = { ...far, metadata: { ...far.metadata, name: 'a', namespace: 'other' } };
    const caches = cachesOf([a, namesake]);
    expect(keysOfPolicy(caches, appeared(a))).toContain('other/a');
    const inForce = { ...a, status: { service: 'a', objects: [{ kind: 'AuthorizationPolicy', name: 'a-allow' }] } };
    const renamed = { ...inForce, status: { ...inForce.status, service: 'b' } };
    expect(keysOfPolicy(caches, { key: 'shop/a', before: inForce, after: renamed })).toContain('other/a');
    expect(gather(known(caches), 'other/a').snapshot?.namesakes).toEqual([a]);
  });

  test('policies on different labels may select one workload', () => {
    const other = selecting('other', { zone: 'east' });
    expect(keysOfPolicy(cachesOf([a, other]), appeared(a))).toEqual(['shop/a', 'shop/other']);
    const { snapshot } = gather(known(cachesOf([a, other])), 'shop/a');
    expect(snapshot?.rivals.map(({ metadata }) => metadata.name)).toEqual(['other']);
  });

  test('the snapshot of a policy holds the same rivals', () => {
    const { snapshot } = gather(known(cachesOf([a, b, c, far])), 'shop/a');
    expect(snapshot?.rivals.map(({ metadata }) => metadata.name)).toEqual(['b', 'c']);
  });

  test('a policy whose objects are still where it selected before has a rival in whoever selects there now', () => {
    const moved = selecting('a', { app: 'elsewhere' });
    const caches = cachesOf([moved, b]);
    for (const object of planOf(a, tokenIssuer('web')).desired) {
      if (object.kind === 'AuthorizationPolicy') caches.generated.AuthorizationPolicy.store.put(object as KubeObject);
    }
    const change = { key: 'shop/b', before: withStatus(b, 'False'), after: withStatus(b, 'True') };
    expect(keysOfPolicy(caches, change)).toContain('shop/a');
    const { snapshot } = gather(known(caches), 'shop/a');
    expect(snapshot?.rivals.map(({ metadata }) => metadata.name)).toEqual(['b']);
  });
});

describe('keysOfIssuer', () => {
  const named = serviceAuthPolicy('named', { issuers: ['web'] });
  const byDefault = serviceAuthPolicy('by-default');
  const caches = cachesOf([named, byDefault]);
  const keys = (issuer: KubeObject) =>
    keysOfIssuer(caches, { key: issuer.metadata.name, before: undefined, after: issuer });

  test('concerns policies that name it, and those that name none while it is the default', () => {
    expect(keys(tokenIssuer('web', { default: false }))).toEqual(['shop/named']);
    expect(keys(tokenIssuer('web'))).toEqual(['shop/named', 'shop/by-default']);
    expect(keys(tokenIssuer('other'))).toEqual(['shop/by-default']);
  });

  test('ceasing to be the default concerns those that lose it', () => {
    const before = tokenIssuer('web');
    const after = { ...tokenIssuer('web', { default: false }), metadata: { ...before.metadata, generation: 2 } };
    expect(keysOfIssuer(caches, { key: 'web', before, after })).toContain('shop/by-default');
  });

  test('a new status concerns no policy', () => {
    const issuer = tokenIssuer('web');
    expect(keysOfIssuer(caches, { key: 'web', before: issuer, after: { ...issuer, status: {} } })).toEqual([]);
  });
});

describe('keysOfGenerated', () => {
  test('concerns the owner before and after', () => {
    const issuer = tokenIssuer('web');
    const [of] = planOf(serviceAuthPolicy('a'), issuer).desired;
    const [now] = planOf(serviceAuthPolicy('b'), issuer).desired;
    expect(
      keysOfGenerated({ key: 'k', before: of as KubeObject | undefined, after: now as KubeObject | undefined }),
    ).toEqual(['shop/a', 'shop/b']);
  });
});
