import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sessionKeys } from '../keys.ts';
import { birthOf, sessionIdOf } from './session-id.ts';

const region = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/);
const seconds = fc.nat({ max: 10_000_000_000 });

test('an id says where and when its session began, to the second', () => {
  fc.assert(
    fc.property(region, seconds, fc.uuid(), (name, at, random) => {
      const id = sessionIdOf({ region: name, at: at * 1000 + 999 }, random);
      expect(birthOf(id)).toEqual({ region: name, at: at * 1000 });
    }),
  );
});

test('an id can be part of a key, whatever the region is called', () => {
  fc.assert(
    fc.property(region, seconds, fc.uuid(), (name, at, random) => {
      const id = sessionIdOf({ region: name, at: at * 1000 }, random);
      expect(sessionKeys('sk').session('user', id)).toContain(id);
    }),
  );
});

test.each(['', 'b5b0c1ee-7d5c-4a54-8b5e-000000000000', '_1_x', 'Tokyo_1_x', 'tokyo_1', 'tokyo__x', '-_1_x'])(
  'the id %j says nothing',
  (id) => expect(birthOf(id)).toBeUndefined(),
);
