import { expect, test } from 'vitest';
import { isCorsPreflight } from './preflight.ts';

test('a preflight is OPTIONS with an origin and the method to come', () => {
  const both = { origin: 'https://a.example', accessControlRequestMethod: 'GET' };
  expect(isCorsPreflight('OPTIONS', both)).toBe(true);
  expect(isCorsPreflight('GET', both)).toBe(false);
  expect(isCorsPreflight('OPTIONS', { ...both, origin: '' })).toBe(false);
  expect(isCorsPreflight('OPTIONS', { origin: 'https://a.example' })).toBe(false);
});
