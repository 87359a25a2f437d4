import { describe, expect, test } from 'vitest';
import { isNewcomer } from './newcomer.ts';
import {
  isPromotionDue,
  type LiveKey,
  lastUseOf,
  MISSING_REASONS,
  nextStep,
  type RotationFacts,
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
  region: '',
  maxRetiring: 14,
};
const unreported: Spread = { kind: 'unreported' };

function key(state: LiveKey['state'], since: number, more: Partial<LiveKey> = {}): LiveKey {
  return { kid: state, region: '', alg: 'ES256', state, since, longestTokenMs: 5_000, ...more };
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

describe('in regions', () => {
  const regional = { ...rules, region: 'eu' };
  const own = (state: LiveKey['state'], since: number, more: Partial<LiveKey> = {}) =>
    key(state, since, { region: 'eu', ...more });
  const decide = (keys: readonly LiveKey[], now: number, facts: Partial<RotationFacts> = {}) =>
    nextStep(keys, { rules: regional, now, spread: unreported, ...facts });

  test('the next key waits for every region that does not hold it yet, when all else is well', () => {
    const keys = [own('active', 0, { rotationRequestedAt: 0 }), own('next', 0)];
    const wait = (reason: string) => ({ kind: 'rest', wait: { reason, since: 0 } });
    expect(decide(keys, 999, { behind: ['us'] })).toEqual(wait('publishing'));
    expect(decide(keys, 1_000, { behind: ['us'] })).toEqual(wait('region_behind'));
    const spread: Spread = { kind: 'missing', reason: 'not_listed' };
    expect(decide(keys, 1_000, { behind: ['us'], spread })).toEqual(wait('not_listed'));
    expect(decide(keys, 1_000)).toEqual({ kind: 'promote', kid: 'next', replaces: 'active' });
  });

  test('the next key signs at once where none signs any more, whoever holds it', () => {
    expect(decide([own('next', 0)], 0, { behind: ['us'] })).toMatchObject({ kind: 'promote' });
  });

  test('the first key of one that joins others waits as any other does, and signs then', () => {
    const joining = { isNewcomer: true, behind: ['eu'] };
    expect(decide([], 0, joining)).toEqual({ kind: 'prepare', active: undefined });
    expect(decide([own('next', 0)], 999, joining)).toEqual({ kind: 'rest', wait: { reason: 'publishing', since: 0 } });
    const wait = { reason: 'region_behind', since: 0 };
    expect(decide([own('next', 0)], 1_000, joining)).toEqual({ kind: 'rest', wait });
    const promote = { kind: 'promote', kid: 'next', replaces: undefined };
    expect(decide([own('next', 0)], 1_000, { isNewcomer: true })).toEqual(promote);
    expect(wantedKey([], true)).toEqual({ kind: 'prepare', active: undefined });
  });

  test('a key from before there were regions is replaced by one of the region, in the same stages as for another algorithm', () => {
    const before = [key('active', 0), key('next', 0)];
    expect(decide(before, 149)).toEqual({ kind: 'rest', wait: { reason: 'publishing', since: 0 } });
    expect(decide(before, 150)).toEqual({ kind: 'discard', kid: 'next' });
    expect(decide([key('active', 0)], 150)).toEqual({ kind: 'prepare', active: 'active' });
    const promote = { kind: 'promote', kid: 'next', replaces: 'active' };
    expect(decide([own('next', 0), key('active', 0)], 1_000)).toEqual(promote);
  });

  test('where two keys sign or wait, the first stays', () => {
    const other = { kid: 'other', region: '' };
    expect(decide([own('active', 0), key('active', 0, other)], 0)).toEqual({ kind: 'relieve', kid: 'other' });
    const waiting = [own('active', 0), own('next', 0), key('next', 0, other)];
    expect(decide(waiting, 0)).toEqual({ kind: 'discard', kid: 'other' });
  });

  test('one joins others only if it never signed and they did not all begin just now', () => {
    const others = [own('active', 0)];
    const joins = (now: number, more: object = {}) => isNewcomer({ hasSigned: false, others, now, ...more }, regional);
    const setUp = 900_000;
    expect([joins(setUp - 1), joins(setUp)]).toEqual([false, true]);
    expect(joins(setUp, { hasSigned: true })).toBe(false);
    expect(joins(setUp, { others: [] })).toBe(false);
    expect(isNewcomer({ hasSigned: false, others, now: setUp }, rules)).toBe(false);
    const slow = { ...regional, publishMs: 2 * setUp };
    expect(isNewcomer({ hasSigned: false, others, now: setUp }, slow)).toBe(false);
  });
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
