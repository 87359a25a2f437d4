import type { KubeObject } from '@sekisho/kube';
import { expect, test } from 'vitest';
import { sharingKeySets } from './shared-key-sets.ts';

const holding = (spec: unknown): KubeObject => ({
  apiVersion: 'security.istio.io/v1',
  kind: 'RequestAuthentication',
  metadata: { name: 'a', namespace: 'shop' },
  spec,
});

test.each([
  [
    'rules with key sets',
    { selector: { matchLabels: { app: 'a' } }, jwtRules: [{ issuer: 'i', jwks: '{"keys":[]}' }] },
  ],
  ['an edited set', { jwtRules: [{ issuer: 'i', jwks: 3 }, 'no rule', null] }],
  ['no rules', { jwtRules: 'none' }],
  ['no spec', undefined],
])('an object with %s stays what it is', (_what, spec) => {
  const share = sharingKeySets();
  expect(share(holding(spec))).toEqual(holding(spec));
  expect(share(holding(spec))).toEqual(holding(spec));
});

test('more texts than are shared, and longer ones, are kept all the same', () => {
  const share = sharingKeySets();
  const texts = [...Array.from({ length: 200 }, (_, index) => `set ${index}`), 'x'.repeat(100_000)];
  for (const text of [...texts, ...texts]) {
    expect(share(holding({ jwtRules: [{ jwks: text }] })).spec).toEqual({ jwtRules: [{ jwks: text }] });
  }
});
