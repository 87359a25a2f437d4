import { describe, expect, test } from 'vitest';
import {
  isPromotionDue,
  type LiveKey,
  lastUseOf,
  MISSING_REASONS,
  nextStep,
  type RotationRules,
  type Spread,
  wantedKey,
} from './rotation.ts';

const rules: RotationRules = {
  alg: 'ES256',
  periodMs: 1_000_000,
  settleMs: 100,
  cacheMs: 50,
  publishMs: 1_000,
  longestTokenMs: 5_000,
  cutOffMs: 0,
};
const unreported: Spread = { kind: 'unreported' };

function key(state: LiveKey['state'], since: number, more: Partial<LiveKey> = {}): LiveKey {
  return { kid: state, alg: 'ES256', state, since, longestTokenMs: 5_000, ...more };
}

const step = (keys: readonly LiveKey[], now: number, spread: Spread = unreported) =>
  nextStep(keys, { rules, now, spread });

describe('without a key that signs', () => {
  test('one is made that signs at once', () => {
    expect(step([], 0)).toEqual({ kind: 'start' });
    expect(step([key('retiring', 0)], 0)).toEqual({ kind: 'start' });
  });

  test('the next one signs at once, however young: verifiers may know it already', () => {
    const spread: Spread = { kind: 'missing', reason: 'unreachable' };
    expect(step([key('next', 0)], 0, spread)).toEqual({ kind: 'promote', kid: 'next', replaces: undefined });
  });
});

describe('a key that signs', () => {
  const held: Spread = { kind: 'held', forMs: rules.settleMs };

  test('has one waiting beside it from the start', () => {
    expect(step([key('active', 0)], 0)).toEqual({ kind: 'prepare', active: 'active' });
    expect(step([key('active', 0), key('next', 0)], rules.periodMs - 1, held)).toEqual({ kind: 'rest' });
  });

  test('is replaced at the end of its period, by the one that waited', () => {
    const promote = { kind: 'promote', kid: 'next', replaces: 'active' };
    expect(step([key('active', 0), key('next', 0)], rules.periodMs, held)).toEqual(promote);
  });

  test('is replaced early when that was asked for', () => {
    const keys = [key('active', 0, { rotationRequestedAt: 500 }), key('next', 0)];
    expect(step(keys, 499, held)).toEqual({ kind: 'rest' });
    expect(step(keys, 500, held)).toEqual({ kind: 'promote', kid: 'next', replaces: 'active' });
  });

  test('is replaced early when keys are to be of another algorithm, by one that is', () => {
    const active = key('active', 0, { alg: 'RS256' });
    expect(step([active], 1)).toEqual({ kind: 'prepare', active: 'active' });
    const wait = { reason: 'publishing', since: 0 };
    expect(step([active, key('next', 0, { alg: 'RS256' })], 149)).toEqual({ kind: 'rest', wait });
    expect(step([active, key('next', 0, { alg: 'RS256' })], 150)).toEqual({ kind: 'discard', kid: 'next' });
    expect(step([active, key('next', 0)], 1_000)).toEqual({ kind: 'promote', kid: 'next', replaces: 'active' });
  });

  test('keeps signing, with another in wait, when only the one in wait is of another algorithm', () => {
    const keys = [key('active', 0), key('next', 0, { alg: 'RS256' })];
    expect(step(keys, 150)).toEqual({ kind: 'discard', kid: 'next' });
    expect(step([key('active', 0)], 151)).toEqual({ kind: 'prepare', active: 'active' });
  });

  test('is noted to sign longer-living tokens before it is anything else, and never shorter-living ones', () => {
    const lengthen = { kind: 'lengthen', longestTokenMs: 5_000 };
    const long = key('active', 0, { longestTokenMs: 6_000 });
    expect(step([key('active', 0, { longestTokenMs: 4_999 })], rules.periodMs)).toEqual(lengthen);
    expect(step([long, key('next', 0, { longestTokenMs: 1 })], 1)).toEqual(lengthen);
    expect(step([long, key('next', 0)], 1)).toEqual({ kind: 'rest' });
    const retiring = key('retiring', 0, { longestTokenMs: 4_999 });
    expect(step([key('active', 0), key('next', 0), retiring], 1)).toEqual({ kind: 'rest' });
  });
});

describe('the next key, when it is its turn,', () => {
  const keys = [key('active', 0, { rotationRequestedAt: 0 }), key('next', 10_000)];
  const promote = { kind: 'promote', kid: 'next', replaces: 'active' };
  const waits = (reason: string) => ({ kind: 'rest', wait: { reason, since: 10_000 } });

  test('signs after a fixed time where nobody reports who holds it', () => {
    expect(step(keys, 10_999)).toEqual(waits('publishing'));
    expect(step(keys, 11_000)).toEqual(promote);
  });

  test('signs when all have held it for a while', () => {
    expect(step(keys, 20_000, { kind: 'held', forMs: 99 })).toEqual(waits('publishing'));
    expect(step(keys, 20_000, { kind: 'held', forMs: 100 })).toEqual(promote);
  });

  test('signs no sooner than every replica publishes it and no cache is older, whoever holds it', () => {
    expect(step(keys, 10_149, { kind: 'held', forMs: 100 })).toEqual(waits('publishing'));
    expect(step(keys, 10_150, { kind: 'held', forMs: 100 })).toEqual(promote);
  });

  test.each(MISSING_REASONS)('does not sign, however old, while it is missing: %s', (reason) => {
    expect(step(keys, 10_000 + rules.periodMs * 10, { kind: 'missing', reason })).toEqual(waits(reason));
  });

  test('does not sign when the clock was set back', () => {
    expect(step(keys, 0)).toEqual(waits('publishing'));
  });

  test('waits while so many keys retire that a key set with one more might be refused', () => {
    const retiring = (count: number) =>
      Array.from({ length: count }, (_, at) => key('retiring', 20_000, { kid: `${at}` }));
    expect(step([...keys, ...retiring(14)], 20_000)).toEqual(waits('crowded'));
    expect(step([...keys, ...retiring(13)], 20_000)).toEqual(promote);
  });

  test('has waited since its turn came', () => {
    const old = [key('active', 0, { rotationRequestedAt: 30_000 }), key('next', 10_000)];
    const missing: Spread = { kind: 'missing', reason: 'not_listed' };
    expect(step(old, 40_000, missing)).toEqual({ kind: 'rest', wait: { reason: 'not_listed', since: 30_000 } });
    const due = [key('active', 0), key('next', 10_000)];
    const wait = { reason: 'not_listed', since: rules.periodMs };
    expect(step(due, rules.periodMs + 1, missing)).toEqual({ kind: 'rest', wait });
  });
});

test('a key is wanted for each place that is empty', () => {
  expect(wantedKey([])).toEqual({ kind: 'start' });
  expect(wantedKey([key('retiring', 0)])).toEqual({ kind: 'start' });
  expect(wantedKey([key('active', 0), key('retiring', 0)])).toEqual({ kind: 'prepare', active: 'active' });
  expect(wantedKey([key('active', 0), key('next', 0)])).toBeUndefined();
  // It is about to sign; only then another one is wanted.
  expect(wantedKey([key('next', 0)])).toBeUndefined();
});

test('who holds the next key matters only when it is its turn', () => {
  const [active, next] = [key('active', 0), key('next', 0)];
  const isDue = (keys: readonly LiveKey[], now: number) => isPromotionDue(keys, { rules, now });
  expect(isDue([active, next], rules.periodMs - 1)).toBe(false);
  expect(isDue([active, next], rules.periodMs)).toBe(true);
  expect(isDue([key('active', 0, { rotationRequestedAt: 1 }), next], 1)).toBe(true);
  expect(isDue([active], rules.periodMs)).toBe(false);
  expect(isDue([next], rules.periodMs)).toBe(false);
});

describe('a key that retires', () => {
  // A replica may not notice for 100 ms, the longest token lives 5 s, verifiers and clocks are a minute off each.
  const end = 20_000 + 100 + 5_000 + 120_000;

  test('is published until no token that it signed is taken any more', () => {
    const keys = [key('active', 20_000), key('next', 20_000), key('retiring', 20_000)];
    expect(step(keys, end - 1)).toEqual({ kind: 'rest' });
    expect(step(keys, end)).toEqual({ kind: 'retire', kid: 'retiring' });
    expect(lastUseOf(key('retiring', 20_000), rules)).toBe(end);
  });

  test('is kept for the longest token that it may have signed, also when tokens live shorter now', () => {
    const long = key('retiring', 20_000, { longestTokenMs: 86_400_000 });
    const keys = [key('active', 20_000), key('next', 20_000), long];
    expect(step(keys, end)).toEqual({ kind: 'rest' });
  });

  test('is published for longer when the signer may have been cut off', () => {
    const cutOff = { ...rules, cutOffMs: 1_000_000 };
    expect(lastUseOf(key('retiring', 20_000), cutOff)).toBe(end + 1_000_000);
  });

  test('goes although another one waits', () => {
    const keys = [key('retiring', 20_000), key('active', 20_000), key('next', 20_000)];
    const spread: Spread = { kind: 'missing', reason: 'unreachable' };
    expect(step(keys, end, spread)).toEqual({ kind: 'retire', kid: 'retiring' });
  });
});
