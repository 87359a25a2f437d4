import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KubeObject } from './object.ts';
import { Store } from './store.ts';
import { configMap } from './testing/objects.ts';

function owned(name: string, version: string, ...owners: string[]): KubeObject {
  const object = configMap(name, version);
  const ownerReferences = owners.map((uid) => ({ apiVersion: 'v1', kind: 'Pod', name: uid, uid }));
  return { ...object, metadata: { ...object.metadata, ownerReferences, managedFields: [{ manager: 'x' }] } };
}

const byOwner = () => new Store({ owner: (object) => (object.metadata.ownerReferences ?? []).map(({ uid }) => uid) });

describe('Store', () => {
  test('hands out frozen objects without managedFields', () => {
    const store = byOwner();
    store.put(owned('a', '1', 'x'));
    const held = store.get('shop/a');
    expect(held?.metadata.managedFields).toBeUndefined();
    expect(Object.isFrozen(held?.metadata.ownerReferences?.[0])).toBe(true);
  });

  test('finds objects under the values of their present state only', () => {
    const store = byOwner();
    store.put(owned('a', '1', 'x', 'y'));
    store.put(owned('a', '2', 'y'));
    store.put(owned('b', '3', 'y'));
    expect(store.by('owner', 'x')).toEqual([]);
    expect(store.by('owner', 'y').map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
    expect([...store.values('owner')]).toEqual(['y']);
    store.remove(owned('a', '4', 'y'));
    expect(store.by('owner', 'y').map(({ metadata }) => metadata.name)).toEqual(['b']);
    store.remove(owned('b', '5', 'y'));
    expect(store.by('owner', 'y')).toEqual([]);
    expect([...store.values('owner')]).toEqual([]);
  });

  test('finds what is filed under one value twice, and forgets it whole', () => {
    const store = byOwner();
    for (const name of ['a', 'b']) store.put(owned(name, '1', 'x', 'x'));
    expect(store.by('owner', 'x').map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
    for (const name of ['a', 'b']) store.put(owned(name, '2'));
    expect(store.by('owner', 'x')).toEqual([]);
    expect([...store.values('owner')]).toEqual([]);
  });

  test('ignores what is older than the recorded answer of an own write', () => {
    const store = byOwner();
    store.put(configMap('a', '10', { v: 'own write' }));
    expect(store.put(configMap('a', '9', { v: 'event from before' }))).toBeUndefined();
    expect(store.remove(configMap('a', '9'))).toBeUndefined();
    expect(store.get('shop/a')?.['data']).toEqual({ v: 'own write' });
    expect(store.put(configMap('a', '11', { v: 'later' }))?.after?.['data']).toEqual({ v: 'later' });
  });

  test('tells once of an own write, however often it is told of it', () => {
    const store = byOwner();
    expect(store.put(configMap('a', '10'))).toBeDefined();
    expect(store.put(configMap('a', '10'))).toBeUndefined();
    expect(store.put(configMap('a', '11', { v: 'somebody else' }))?.after?.['data']).toEqual({ v: 'somebody else' });
    const successor = configMap('a', '11');
    expect(store.put({ ...successor, metadata: { ...successor.metadata, uid: 'another' } })).toBeDefined();
  });

  test('tells of a deletion also when the object was never held', () => {
    const change = byOwner().remove(owned('a', '4', 'x'));
    expect(change?.before?.metadata.ownerReferences?.[0]?.uid).toBe('x');
    expect(change?.after).toBeUndefined();
  });

  test('replace tells of what appeared, changed and vanished, and of nothing else', () => {
    const store = byOwner();
    for (const name of ['same', 'changed', 'gone']) store.put(configMap(name, '1'));
    const changes = store.replace([configMap('same', '1'), configMap('changed', '2'), configMap('new', '3')]);
    expect(changes.map(({ key, before, after }) => [key, before !== undefined, after !== undefined])).toEqual([
      ['shop/gone', true, false],
      ['shop/changed', true, true],
      ['shop/new', false, true],
    ]);
  });

  test('replace takes over a list whose versions are smaller, as after a restored backup', () => {
    const store = byOwner();
    store.put(configMap('a', '900'));
    store.replace([configMap('a', '5', { v: 'restored' })]);
    expect(store.get('shop/a')?.['data']).toEqual({ v: 'restored' });
  });

  test('an index equals a scan after any sequence of changes', () => {
    const step = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      owners: fc.subarray(['x', 'y', 'z']),
      remove: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const store = byOwner();
        for (const [index, { name, owners, remove }] of steps.entries()) {
          const object = owned(name, String(index + 1), ...owners);
          if (remove) store.remove(object);
          else store.put(object);
        }
        for (const uid of ['x', 'y', 'z']) {
          const scan = store.list().filter(({ metadata }) => metadata.ownerReferences?.some((o) => o.uid === uid));
          expect(new Set(store.by('owner', uid))).toEqual(new Set(scan));
        }
      }),
    );
  });
});
