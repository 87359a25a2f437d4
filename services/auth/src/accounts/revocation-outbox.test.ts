import { systemClock } from '@sekisho/kube';
import { createLogger } from '@sekisho/telemetry';
import { describe, expect, test } from 'vitest';
import type { OwedRevocation } from './account.ts';
import { createRevocationOutbox, type Owed } from './revocation-outbox.ts';
import { createUpkeep } from './upkeep.ts';

const owed = (id: string, rest: Partial<OwedRevocation> = {}): OwedRevocation => ({
  id,
  userId: `user-${id}`,
  scope: 'sessions',
  ...rest,
});

/** A store in memory, and what was issued in a place that can be away. */
function setUp(...initial: Owed[]) {
  const rows = new Map(initial.map((row) => [row.id, { ...row, attempts: 0 }]));
  const done: string[] = [];
  const place = { failsFor: new Set<string>(), endsInPart: new Set<string>(), counts: [] as number[], failures: 0 };
  const act = async (text: string, userId: string) => {
    if (place.failsFor.has(userId)) throw new Error('away');
    done.push(text);
  };
  const outbox = createRevocationOutbox({
    store: {
      listOwed: async (limit) => [...rows.values()].sort((a, b) => a.attempts - b.attempts).slice(0, limit),
      markMade: async (id) => void rows.delete(id),
      async markFailed(id) {
        const row = rows.get(id);
        if (row !== undefined) row.attempts += 1;
      },
    },
    issued: {
      revokeTokens: (userId) => act(`tokens ${userId}`, userId),
      endSessions: (userId, kept = 'none') => act(`sessions ${userId} but ${kept}`, userId),
      revoke: (revocation) => act(`named ${JSON.stringify(revocation)}`, ''),
      async assertRepeatable(what) {
        if ('userId' in what && place.endsInPart.has(what.userId)) throw new Error('in part');
      },
    },
    onOwed: (count) => void place.counts.push(count),
    onFailure: () => {
      place.failures += 1;
    },
  });
  return { outbox, rows, done, place };
}

describe('an owed revocation', () => {
  test('is made as its scope says, and owed no more', async () => {
    const [first, second] = [owed('1', { keptSession: 's' }), owed('2', { scope: 'tokens' })];
    const { outbox, rows, done } = setUp(first, second);
    expect(await outbox.make(first)).toBe(true);
    expect(await outbox.make(second)).toBe(true);
    expect(done).toEqual(['sessions user-1 but s', 'tokens user-2']);
    expect(rows.size).toBe(0);
  });

  test('that is named is made as it was named', async () => {
    const named: Owed = { id: '1', scope: 'named', revocation: { kind: 'client', id: 'shop', issuedBefore: 7 } };
    const { outbox, rows, done } = setUp(named);
    expect(await outbox.make(named)).toBe(true);
    expect(done).toEqual(['named {"kind":"client","id":"shop","issuedBefore":7}']);
    expect(rows.size).toBe(0);
  });

  test('stays owed when it cannot be made, and is made when it can', async () => {
    const { outbox, rows, done, place } = setUp(owed('1'));
    place.failsFor.add('user-1');
    expect(await outbox.make(owed('1'))).toBe(false);
    expect(place.failures).toBe(1);
    await expect(outbox.drain()).rejects.toThrow('away');
    expect(rows.size).toBe(1);
    place.failsFor.clear();
    await outbox.drain();
    expect(done).toHaveLength(1);
    expect(place.counts).toEqual([1, 1, 0]);
  });

  test('that would end a part of the sessions is not repeated before it ends all', async () => {
    const { outbox, rows, done, place } = setUp(owed('1'), owed('2'));
    place.endsInPart.add('user-1');
    await expect(outbox.drain()).rejects.toThrow('in part');
    await expect(outbox.drain()).rejects.toThrow('in part');
    expect(done).toEqual(['sessions user-2 but none']);
    place.endsInPart.clear();
    await outbox.drain();
    expect(rows.size).toBe(0);
  });

  test('that always fails is in nobody else\u2019s way', async () => {
    const { outbox, rows, place } = setUp(owed('1'), owed('2'), owed('3'));
    place.failsFor.add('user-1');
    await expect(outbox.drain()).rejects.toThrow('away');
    await expect(outbox.drain()).rejects.toThrow('away');
    expect([...rows.keys()]).toEqual(['1']);
  });
});

describe('upkeep', () => {
  function upkeepWith({
    drain,
    confirmLogIns = async () => undefined,
  }: {
    drain: () => Promise<void>;
    confirmLogIns?: () => Promise<void>;
  }) {
    const lines: string[] = [];
    const forgotten: Date[] = [];
    const log = createLogger({ name: 'test', level: 'info', destination: { write: (line) => void lines.push(line) } });
    let monotonic = 0;
    const now = Date.parse('2026-03-01T00:00:00Z');
    const clock = { ...systemClock, now: () => now, monotonic: () => monotonic };
    const upkeep = createUpkeep({
      outbox: { drain },
      confirmLogIns,
      forgetAuditBefore: async (moment) => forgotten.push(moment) === 1,
      auditRetentionDays: 30,
      log,
      clock,
      random: () => 0,
    });
    return { upkeep, lines, forgotten, passTime: (ms: number) => (monotonic += ms) };
  }

  test('tells an outage once, and its end', async () => {
    let isAway = true;
    const { upkeep, lines } = upkeepWith({
      drain: () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve()),
    });
    await upkeep.pass();
    await upkeep.pass();
    isAway = false;
    await upkeep.pass();
    await upkeep.pass();
    expect(lines).toHaveLength(2);
  });

  test.each([
    { always: 'a revocation', drain: () => Promise.reject(new Error('always')), confirmLogIns: async () => undefined },
    { always: 'a log-in', drain: async () => undefined, confirmLogIns: () => Promise.reject(new Error('always')) },
  ])('goes on with everything else where $always always fails', async ({ drain, confirmLogIns }) => {
    const done: string[] = [];
    const { upkeep, forgotten, lines } = upkeepWith({
      async drain() {
        done.push('revocations');
        await drain();
      },
      async confirmLogIns() {
        done.push('log-ins');
        await confirmLogIns();
      },
    });
    await upkeep.pass();
    expect(done).toEqual(['revocations', 'log-ins']);
    expect(forgotten).toHaveLength(1);
    expect(lines).toHaveLength(1);
  });

  test('forgets old audit entries batch by batch, then once an hour', async () => {
    const { upkeep, forgotten, passTime } = upkeepWith({ drain: async () => undefined });
    for (let round = 0; round < 4; round += 1) await upkeep.pass();
    expect(forgotten).toEqual([new Date('2026-01-30T00:00:00Z'), new Date('2026-01-30T00:00:00Z')]);
    passTime(60 * 60_000);
    await upkeep.pass();
    expect(forgotten).toHaveLength(3);
  });

  test('stops between rounds', async () => {
    const { upkeep } = upkeepWith({ drain: async () => undefined });
    upkeep.start();
    await upkeep.stop();
  });
});
