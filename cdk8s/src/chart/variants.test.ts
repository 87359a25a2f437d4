import { describe, expect, test } from 'vitest';
import { plain } from './tree.ts';
import { merge } from './variants.ts';

const GUARD = '.Values.guard.enabled';
const EMAIL = '.Values.auth.email';
const text = (value: string) => plain(value);

test('what is the same everywhere stands under no condition', () => {
  const json = { kind: 'Service', ports: [{ port: 80 }] };
  expect(merge(json, [{ condition: GUARD, off: json }])).toEqual(plain(json));
});

test('a key that is missing without a thing stands under it, and one that is only then there under its opposite', () => {
  const node = merge({ autoscaled: 'yes' }, [{ condition: GUARD, off: { replicas: 2 } }]);
  expect(node).toEqual({
    type: 'map',
    children: [
      { key: 'autoscaled', node: text('yes'), when: [GUARD] },
      { key: 'replicas', node: plain(2), when: [`not ${GUARD}`] },
    ],
  });
});

test('a value that differs is there twice, under both', () => {
  const node = merge({ mode: 'STRICT' }, [{ condition: GUARD, off: { mode: 'PERMISSIVE' } }]);
  expect(node).toMatchObject({
    children: [
      { key: 'mode', node: text('STRICT'), when: [GUARD] },
      { key: 'mode', node: text('PERMISSIVE'), when: [`not ${GUARD}`] },
    ],
  });
});

test('what two things need stands under both of them', () => {
  const env = [{ name: 'A' }, { name: 'B' }];
  const without = [{ name: 'A' }];
  const node = merge(env, [
    { condition: GUARD, off: without },
    { condition: EMAIL, off: without },
  ]);
  expect(node).toMatchObject({ children: [{ when: [] }, { when: [GUARD, EMAIL] }] });
});

describe('items of a list are the same', () => {
  test('by their name, whatever else differs', () => {
    const [on, off] = [[{ name: 'URL', value: 'a' }], [{ name: 'URL', value: 'b' }]];
    const node = merge(on, [{ condition: GUARD, off }]);
    expect(node).toMatchObject({ type: 'list', children: [{ when: [], node: { type: 'map' } }] });
  });

  test('by kind, namespace and name, where they are manifests', () => {
    const manifest = (namespace: string) => ({ kind: 'Role', metadata: { name: 'operator', namespace } });
    const node = merge([manifest('a'), manifest('b')], [{ condition: GUARD, off: [manifest('b')] }]);
    expect(node).toMatchObject({ children: [{ when: [GUARD] }, { when: [] }] });
  });

  test('by their ports, where they are rules', () => {
    const rule = (...from: string[]) => ({ from, ports: [{ port: 6379 }] });
    const node = merge([rule('auth', 'guard')], [{ condition: GUARD, off: [rule('auth')] }]);
    expect(node).toMatchObject({
      children: [{ when: [], node: { children: [{ node: { children: [{ when: [] }, { when: [GUARD] }] } }, {}] } }],
    });
  });

  test('only in their order', () => {
    const node = merge(['a', 'b'], [{ condition: GUARD, off: ['b', 'a'] }]);
    expect(node).toEqual({
      type: 'list',
      children: [
        { node: text('b'), when: [`not ${GUARD}`] },
        { node: text('a'), when: [] },
        { node: text('b'), when: [GUARD] },
      ],
    });
  });
});
