import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Target } from './compile/istio.ts';
import { familyOf, placesMeeting, placesOf } from './meeting.ts';
import { mayMeet } from './target.ts';
import { GATEWAY } from './vocabulary.ts';

const names = fc.constantFrom('a', 'b', GATEWAY.nameLabel, 'constructor');
const values = fc.constantFrom('1', '2', 'constructor');
const selector = fc
  .dictionary(names, values, { minKeys: 1, noNullPrototype: true })
  .map((matchLabels): Target => ({ selector: { matchLabels } }));
const gateways = fc
  .uniqueArray(values, { minLength: 1 })
  .map(
    (chosen): Target => ({ targetRefs: chosen.map((name) => ({ group: GATEWAY.group, kind: GATEWAY.kind, name })) }),
  );
const target = fc.oneof(selector, gateways);

const isFound = (filed: Target, by: Target) => {
  const places = placesOf(filed);
  return placesMeeting(by, familyOf(filed)).some((place) => places.includes(place));
};

test('whoever may meet a target is found by it', () => {
  fc.assert(
    fc.property(target, target, (filed, by) => {
      if (mayMeet(filed, by)) expect(isFound(filed, by)).toBe(true);
    }),
  );
});

test('whoever differs in the one label that both name is not even looked at', () => {
  const app = (name: string, more = {}): Target => ({ selector: { matchLabels: { app: name, ...more } } });
  expect(isFound(app('x'), app('y'))).toBe(false);
  expect(isFound(app('x', { tier: '1' }), app('y', { zone: '1' }))).toBe(false);
  expect(isFound(app('x'), app('x', { zone: '1' }))).toBe(true);
});
