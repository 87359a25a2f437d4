import { describe, expect, test } from 'vitest';
import { Arrears, lackingIn, MAX_OWED } from './arrears.ts';
import type { Heard } from './log.ts';
import { RevocationSet } from './revocation-set.ts';

const UNTIL = 1_800_000_000_000;
const session = (id: string): Heard => ({ kind: 'session', id, until: UNTIL });
const many = (count: number) => Array.from({ length: count }, (_, index) => session(String(index)));

/** A log that takes what is written when it is let, or refuses. */
function setUp() {
  const time = { now: 0, heardAt: 0 };
  const written: Heard[] = [];
  const told: unknown[][] = [];
  const log = { failure: undefined as Error | undefined, held: undefined as Promise<void> | undefined };
  const arrears = new Arrears({
    async restore(entries) {
      await log.held;
      if (log.failure !== undefined) throw log.failure;
      written.push(...entries);
    },
    monotonic: () => time.now,
    owedUntil: () => time.heardAt,
    onPaid: (entries) => told.push(['paid', entries]),
    onUnpaid: (entries, cause) => told.push(['unpaid', entries, cause]),
  });
  return { time, written, told, log, arrears };
}

describe('what a log lacks', () => {
  test('is found by a comparison first, and owed by what comes after it', async () => {
    const { arrears, written, told } = setUp();
    arrears.owe([session('before')]);
    await arrears.pay();
    expect([arrears.isClear, written]).toEqual([false, []]);
    arrears.settle([session('s1')]);
    arrears.owe([session('s2')]);
    expect(arrears.isClear).toBe(false);
    await arrears.pay();
    // News first: what was missing before was missing for longer.
    expect(written.map(({ id }) => id)).toEqual(['s2', 's1']);
    expect([arrears.isClear, told]).toEqual([true, [['paid', 2]]]);
  });

  test('stays owed while the log refuses it, which is told once', async () => {
    const { arrears, written, told, log } = setUp();
    arrears.settle([]);
    log.failure = new Error('full');
    arrears.owe([session('s1')]);
    await arrears.pay();
    arrears.owe([session('s2')]);
    await arrears.pay();
    expect(told).toEqual([['unpaid', 1, log.failure]]);
    log.failure = undefined;
    await arrears.pay();
    expect(written.map(({ id }) => id)).toEqual(['s1', 's2']);
    log.failure = new Error('full again');
    arrears.owe([session('s3')]);
    await arrears.pay();
    expect(told).toEqual([
      ['unpaid', 1, expect.any(Error)],
      ['paid', 2],
      ['unpaid', 1, log.failure],
    ]);
  });

  test('is kept up to a bound: the next comparison finds what is above it', async () => {
    const { arrears, written } = setUp();
    arrears.settle(many(50_000));
    arrears.owe([session('above')]);
    expect(arrears.paidUntil).toBeUndefined();
    await arrears.pay();
    expect(written).toHaveLength(50_000);
    expect([arrears.isCompared, arrears.isClear]).toEqual([false, false]);
    arrears.settle([session('above')]);
    await arrears.pay();
    expect([written.at(-1)?.id, arrears.isClear]).toEqual(['above', true]);
  });

  test('is dropped for a comparison that comes while it is written', async () => {
    const { arrears, written, log } = setUp();
    const { promise, resolve } = Promise.withResolvers<void>();
    log.held = promise;
    arrears.settle(many(600));
    const paying = arrears.pay();
    arrears.settle([session('compared')]);
    resolve();
    await paying;
    expect(written.map(({ id }) => id).slice(500)).toEqual(['compared']);
    expect(arrears.isClear).toBe(true);
  });

  test('tells until when everything is there, also while more comes all the time', async () => {
    const { arrears, time, log } = setUp();
    arrears.settle([]);
    time.heardAt = 1_000;
    expect(arrears.paidUntil).toBe(1_000);
    for (let round = 2; round < 10; round += 1) {
      const { promise, resolve } = Promise.withResolvers<void>();
      log.held = promise;
      arrears.owe([session(`first-${round}`)]);
      time.heardAt = round * 1_000;
      expect(arrears.paidUntil).toBe((round - 1) * 1_000);
      const paying = arrears.pay();
      resolve();
      await paying;
      expect(arrears.paidUntil).toBe(round * 1_000);
    }
    arrears.settle([session('lost')]);
    expect(arrears.paidUntil).toBeUndefined();
  });

  test('is as old when it is written as it waited', async () => {
    const { arrears, time, written } = setUp();
    arrears.settle([]);
    arrears.owe([{ ...session('s1'), from: 'tokyo', ageMs: 5 }, session('s2')]);
    time.now = 2_000.4;
    await arrears.pay();
    expect(written.map(({ ageMs }) => ageMs)).toEqual([2_005, undefined]);
  });

  test('is nothing where nothing is written, and waits for no more once it is stopped', async () => {
    const reading = new Arrears({ monotonic: () => 0 });
    reading.settle([session('s1')]);
    await reading.pay();
    expect(reading.isClear).toBe(true);
    const { arrears, written } = setUp();
    arrears.settle([session('s1')]);
    await arrears.stop();
    await arrears.pay();
    expect(written).toEqual([]);
  });
});

describe('what one set lacks of another', () => {
  const setOf = (...entries: readonly Heard[]) => {
    const set = new RevocationSet();
    for (const entry of entries) set.add(entry);
    return set;
  };

  test('is what is not over', () => {
    const of = setOf(session('s1'), session('s2'), { ...session('s3'), until: UNTIL + 60_000 });
    expect(lackingIn(setOf(session('s1')), { of, now: UNTIL })).toMatchObject([{ id: 's3' }]);
    expect(lackingIn(setOf(session('s1')), { of, now: UNTIL - 1 })).toMatchObject([{ id: 's2' }, { id: 's3' }]);
    expect(lackingIn(of, { of, now: 0 })).toEqual([]);
  });

  test('is told of no further than that nobody keeps more', () => {
    const lacking = lackingIn(new RevocationSet(), { of: setOf(...many(MAX_OWED + 10)), now: 0 });
    expect(lacking).toHaveLength(MAX_OWED + 1);
  });
});
