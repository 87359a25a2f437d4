import { expect, test } from 'vitest';
import { type FetchMetadata, isCrossSiteUse, isSameOrigin } from './fetch-metadata.ts';

const OWN = 'https://shop.example';

test.each<[FetchMetadata, boolean]>([
  [{ site: 'same-origin' }, true],
  [{ site: 'same-origin', origin: 'null' }, true],
  [{ site: 'same-site', origin: OWN }, false],
  [{ site: 'cross-site', origin: OWN }, false],
  [{ site: 'none' }, false],
  [{ site: '' }, false],
  [{ site: 'same-origin, cross-site' }, false],
  [{ origin: OWN }, true],
  [{ origin: 'http://shop.example' }, false],
  [{ origin: `${OWN}:8443` }, false],
  [{ origin: `${OWN}.evil.example` }, false],
  [{ origin: 'null' }, false],
  [{}, false],
])('%j comes from the same origin: %s', (metadata, same) => {
  expect(isSameOrigin(metadata, OWN)).toBe(same);
});

test('an origin is compared with none that is not known', () => {
  expect(isSameOrigin({ origin: undefined }, undefined)).toBe(false);
  expect(isSameOrigin({ origin: 'null' }, undefined)).toBe(false);
});

test.each<[FetchMetadata, boolean]>([
  [{ site: 'cross-site', mode: 'navigate', dest: 'document' }, false],
  [{ site: 'cross-site', mode: 'navigate', dest: 'iframe' }, true],
  [{ site: 'cross-site', mode: 'no-cors', dest: 'image' }, true],
  [{ site: 'cross-site', mode: 'websocket', dest: 'websocket' }, true],
  [{ site: 'cross-site' }, true],
  [{ site: 'something-new', mode: 'cors', dest: 'empty' }, true],
  [{ site: 'same-site', mode: 'no-cors', dest: 'image' }, false],
  [{ site: 'none', mode: 'navigate', dest: 'document' }, false],
  [{}, false],
])('%j is a use by another site: %s', (metadata, use) => {
  expect(isCrossSiteUse(metadata)).toBe(use);
});
