import { type KubeObject, Store, type StoreView } from '@sekisho/kube';
import { mayMeet } from '@sekisho/policy';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { targetsOf } from './references.ts';
import { meeting, related, TARGET_INDEXES, type TargetIndex } from './rivals.ts';
import { serviceAuthPolicy } from './testing/objects.ts';

const GATEWAY_LABEL = 'gateway.networking.k8s.io/gateway-name';
const word = fc.constantFrom('1', '2');
const labels = fc.dictionary(fc.constantFrom('a', 'b', 'c', GATEWAY_LABEL), word, {
  minKeys: 1,
  noNullPrototype: true,
});
const spec = fc.oneof(
  { weight: 4, arbitrary: labels.map((matchLabels) => ({ selector: { matchLabels } })) },
  fc.uniqueArray(word, { minLength: 1 }).map((names) => ({
    selector: undefined,
    targetRefs: names.map((name) => ({ group: 'gateway.networking.k8s.io', kind: 'Gateway', name })),
  })),
  fc.constant({ selector: 'unreadable' }),
);
const policies = fc
  .array(spec, { minLength: 1, maxLength: 10 })
  .map((specs) => specs.map((each, index) => serviceAuthPolicy(`p${index}`, each)));

function storeOf(objects: readonly KubeObject[]): Store<TargetIndex> {
  const store = new Store(TARGET_INDEXES);
  store.replace(objects);
  return store;
}

const meet = (a: KubeObject, b: KubeObject) =>
  targetsOf(a).some((left) => targetsOf(b).some((right) => mayMeet(left, right)));
const names = (objects: readonly KubeObject[]) => objects.map(({ metadata }) => metadata.name).sort();

/** A store that tells how many objects each look into it brought. */
function counting(all: readonly KubeObject[]) {
  const held = storeOf(all);
  const looked: number[] = [];
  const store: StoreView<TargetIndex> = {
    size: held.size,
    get: (key) => held.get(key),
    list: () => held.list(),
    values: (index) => held.values(index),
    by(index, value) {
      const found = held.by(index, value);
      looked.push(found.length);
      return found;
    },
  };
  return { store, looked };
}

const targetsOfFirst = (all: readonly KubeObject[]) => all.slice(0, 1).flatMap(targetsOf);

/** By comparing each with each, until nobody new is found. */
function reachable(all: readonly KubeObject[], found: readonly KubeObject[]): readonly KubeObject[] {
  const next = all.filter((policy) => found.some((other) => meet(policy, other)));
  return next.length === found.length ? found : reachable(all, next);
}

describe('related policies', () => {
  test('are those that a comparison of each with each finds', () => {
    fc.assert(
      fc.property(policies, (all) => {
        const [first] = all;
        if (first === undefined) return;
        const store = storeOf(all);
        const direct = all.filter((policy) => meet(policy, first));
        expect(names(targetsOf(first).flatMap((target) => meeting(store, 'shop', target)))).toEqual(names(direct));
        expect(names(related(store, 'shop', targetsOf(first)))).toEqual(names(reachable(all, direct)));
      }),
    );
  });

  test('are not sought in other namespaces', () => {
    const [policy] = storeOf([serviceAuthPolicy('a')]).list();
    expect(related(storeOf([serviceAuthPolicy('a')]), 'other', policy === undefined ? [] : targetsOf(policy))).toEqual(
      [],
    );
  });

  test('of one among thousands are found without a look at the others', () => {
    const all = Array.from({ length: 3_000 }, (_, index) => serviceAuthPolicy(`p${index}`));
    const { store, looked } = counting(all);
    expect(names(related(store, 'shop', targetsOfFirst(all)))).toEqual(['p0']);
    expect(looked).toEqual([1]);
  });

  // Compared each with each, or each with every family, this many take minutes.
  test('that all meet one another are gone through once, however many labels they name', () => {
    const all = Array.from({ length: 10_000 }, (_, index) =>
      serviceAuthPolicy(`p${index}`, { selector: { matchLabels: { [`label-${index}`]: 'x' } } }),
    );
    expect(related(storeOf(all), 'shop', targetsOfFirst(all))).toHaveLength(all.length);
  });
});
