import { type KubeObject, Store } from '@sekisho/kube';
import { mayMeet } from '@sekisho/policy';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { targetsOf } from './references.ts';
import { meeting, related, TARGET_INDEXES } from './rivals.ts';
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

function storeOf(objects: readonly KubeObject[]): Store<keyof typeof TARGET_INDEXES> {
  const store = new Store(TARGET_INDEXES);
  store.replace(objects);
  return store;
}

const meet = (a: KubeObject, b: KubeObject) =>
  targetsOf(a).some((left) => targetsOf(b).some((right) => mayMeet(left, right)));
const names = (objects: readonly KubeObject[]) => objects.map(({ metadata }) => metadata.name).sort();

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
    const store = storeOf(all);
    const looked: number[] = [];
    const counting = {
      ...{
        values: store.values.bind(store),
        get: store.get.bind(store),
        list: store.list.bind(store),
        size: store.size,
      },
      by: (index: keyof typeof TARGET_INDEXES, value: string) => {
        const found = store.by(index, value);
        looked.push(found.length);
        return found;
      },
    };
    const [one] = all;
    expect(names(related(counting, 'shop', one === undefined ? [] : targetsOf(one)))).toEqual(['p0']);
    expect(looked).toEqual([1]);
  });
});
