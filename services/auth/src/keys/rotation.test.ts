import { describe, expect, test } from 'vitest';
import { type LiveKey, lastUseOf, MISSING_REASONS, nextStep, type RotationRules, type Spread } from './rotation.ts';

const rules: RotationRules = {
  alg: 'ES256',
  periodMs: 1_000_000,
  settleMs: 100,
  cacheMs: 50,
  publishMs: 1_000,
  longestTokenMs: 5_000,
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
  test('is replaced at the end of its period', () => {
    expect(step([key('active', 0)], rules.periodMs - 1)).toEqual({ kind: 'rest' });
    expect(step([key('active', 0)], rules.periodMs)).toEqual({ kind: 'prepare', active: 'active' });
  });

  test('is replaced early when keys are to be of another algorithm', () => {
    expect(step([key('active', 0, { alg: 'RS256' })], 1)).toEqual({ kind: 'prepare', active: 'active' });
  });

  test('is noted to sign longer-living tokens before it is anything else, and never shorter-living ones', () => {
    const lengthen = { kind: 'lengthen', longestTokenMs: 5_000 };
    const long = key('active', 0, { longestTokenMs: 6_000 });
    expect(step([key('active', 0, { longestTokenMs: 4_999 })], rules.periodMs)).toEqual(lengthen);
    expect(step([long, key('next', 0, { longestTokenMs: 1 })], 1)).toEqual(lengthen);
    expect(step([long], 1)).toEqual({ kind: 'rest' });
    expect(step([key('active', 0), key('retiring', 0, { longestTokenMs: 4_999 })], 1)).toEqual({ kind: 'rest' });
  });
});

describe('the next key', () => {
  const keys = [key('active', 0), key('next', 10_000)];
  const promote = { kind: 'promote', kid: 'next', replaces: 'active' };
  const waits = (reason: string) => ({ kind: 'rest', waits: reason });

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

  test('is made once', () => {
    expect(step(keys, rules.periodMs, { kind: 'missing', reason: 'not_listed' })).toEqual(waits('not_listed'));
  });
});

describe('a key that retires', () => {
  // A replica may not notice for 100 ms, the longest token lives 5 s, verifiers and clocks are a minute off each.
  const end = 20_000 + 100 + 5_000 + 120_000;

  test('is published until no token that it signed is taken any more', () => {
    const keys = [key('active', 20_000), key('retiring', 20_000)];
    expect(step(keys, end - 1)).toEqual({ kind: 'rest' });
    expect(step(keys, end)).toEqual({ kind: 'retire', kid: 'retiring' });
    expect(lastUseOf(key('retiring', 20_000), rules)).toBe(end);
  });

  test('is kept for the longest token that it may have signed, also when tokens live shorter now', () => {
    const keys = [key('active', 20_000), key('retiring', 20_000, { longestTokenMs: 86_400_000 })];
    expect(step(keys, end)).toEqual({ kind: 'rest' });
  });

  test('goes although another one waits', () => {
    const keys = [key('retiring', 20_000), key('active', 20_000), key('next', 20_000)];
    const spread: Spread = { kind: 'missing', reason: 'unreachable' };
    expect(step(keys, end, spread)).toEqual({ kind: 'retire', kid: 'retiring' });
  });
});
