import { systemClock } from '@sekisho/kube';
import { NOTICE_LIFE_MS } from '@sekisho/sessions';
import { createLogger, createMetrics } from '@sekisho/telemetry';
import { describe, expect, test } from 'vitest';
import { createAuthMetrics } from '../../metrics.ts';
import { memoryNotices } from '../../testing/memory-notices.ts';
import { LogoutDelivery } from './delivery.ts';
import type { TellLogout, Told } from './teller.ts';

const DELIVERED: Told = { result: 'delivered' };
const DOWN: Told = { result: 'failed', answered: false, reason: 'ECONNREFUSED' };
const REFUSED: Told = { result: 'failed', answered: true, reason: '400' };

/** A clock that a test moves, applications that answer as it says, and what was told to whom. */
function setUp(answer: (clientId: string, sessionId: string) => Told | Promise<Told> = () => DELIVERED) {
  const time = { now: Date.parse('2026-01-02T03:04:05Z') };
  const clock = { ...systemClock, now: () => time.now, monotonic: () => time.now };
  const notices = memoryNotices(() => time.now);
  const told: string[] = [];
  const tell: TellLogout = async ({ clientId, sessionId }) => {
    told.push(`${clientId}:${sessionId}`);
    return answer(clientId, sessionId);
  };
  const registry = createMetrics({ processMetrics: false, undeclared: 'throw' });
  const lines: string[] = [];
  const log = createLogger({ name: 'test', level: 'info', destination: { write: (line) => void lines.push(line) } });
  const metrics = createAuthMetrics(registry);
  const delivery = new LogoutDelivery({ notices, tell, metrics, log, clock, random: () => 1 });
  const counted = async (result: string) =>
    Number(
      new RegExp(`^backchannel_logouts_total\\{result="${result}"\\} (\\d+)$`, 'm').exec(await registry.render())?.[1],
    );
  /** Goes round until nothing is due. */
  const drain = async () => {
    while (await delivery.pass());
  };
  return { time, notices, told, delivery, drain, counted, lines, registry };
}

describe('applications', () => {
  test('are told of each end once', async () => {
    const { notices, told, delivery, counted, registry } = setUp();
    notices.add({ sessionId: 's1', clientId: 'shop' });
    notices.add({ sessionId: 's2', clientId: 'desk' });
    await delivery.pass();
    await delivery.pass();
    expect(told.toSorted()).toEqual(['desk:s2', 'shop:s1']);
    expect(notices.waiting.size).toBe(0);
    expect(await counted('delivered')).toBe(2);
    expect(await registry.render()).toContain('backchannel_logouts_waiting 0');
  });

  test('that are gone, or do not ask, are told nothing more', async () => {
    const { notices, delivery, counted } = setUp(() => ({ result: 'unwanted' }));
    notices.add({ sessionId: 's1', clientId: 'gone' });
    await delivery.pass();
    expect(notices.waiting.size).toBe(0);
    expect(await counted('unwanted')).toBe(1);
  });

  test('that cannot be reached are tried less and less often, until they can', async () => {
    let answer: Told = DOWN;
    const { time, notices, told, delivery, counted } = setUp(() => answer);
    notices.add({ sessionId: 's1', clientId: 'shop' });
    const tried: number[] = [];
    const start = time.now;
    for (; told.length < 6; time.now += 500) {
      const before = told.length;
      await delivery.pass();
      if (told.length > before) tried.push((time.now - start) / 1000);
    }
    expect(tried).toEqual([0, 1, 3, 7, 15, 31]);
    answer = DELIVERED;
    time.now += 32_000;
    await delivery.pass();
    expect(notices.waiting.size).toBe(0);
    expect([await counted('failed'), await counted('delivered')]).toEqual([6, 1]);
  });

  test('that cannot be reached hold up nobody else, however much they are owed', async () => {
    const { notices, told, drain } = setUp((clientId) => (clientId === 'down' ? DOWN : DELIVERED));
    for (let count = 0; count < 500; count += 1) notices.add({ sessionId: `d${count}`, clientId: 'down' });
    notices.add({ sessionId: 's1', clientId: 'shop' });
    await drain();
    expect(told).toEqual(['down:d0', 'shop:s1']);
    expect(notices.waiting.size).toBe(500);
  });

  test('that come back are told all that they are owed', async () => {
    let answer: Told = DOWN;
    const { time, notices, drain } = setUp(() => answer);
    for (let count = 0; count < 100; count += 1) notices.add({ sessionId: `s${count}`, clientId: 'shop' });
    await drain();
    answer = DELIVERED;
    time.now += 1_000;
    await drain();
    expect(notices.waiting.size).toBe(0);
  });

  test('that refuse one end are told of the others', async () => {
    const { time, notices, told, delivery } = setUp((_, sessionId) => (sessionId === 's1' ? REFUSED : DELIVERED));
    for (const sessionId of ['s1', 's2', 's3']) notices.add({ sessionId, clientId: 'shop' });
    await delivery.pass();
    expect(told).toEqual(['shop:s1', 'shop:s2', 'shop:s3']);
    expect([...notices.waiting.values()]).toMatchObject([{ notice: { attempts: 1 }, due: time.now + 1_000 }]);
  });

  test('that are slow keep nobody waiting for long: what is left is for the next round', async () => {
    const { time, notices, told, delivery } = setUp(() => {
      time.now += 2_000;
      return DELIVERED;
    });
    for (let count = 0; count < 4; count += 1) notices.add({ sessionId: `s${count}`, clientId: 'shop' });
    await delivery.pass();
    expect(told).toHaveLength(2);
    await delivery.pass();
    expect(told).toHaveLength(4);
  });

  test('are given up after a day, or too many attempts, and the log says so', async () => {
    const { time, notices, told, delivery, counted, lines } = setUp(() => REFUSED);
    notices.add({ sessionId: 'old', clientId: 'shop', endedAt: time.now - NOTICE_LIFE_MS });
    notices.add({ sessionId: 'often', clientId: 'shop', attempts: 149 });
    await delivery.pass();
    expect(told).toEqual(['shop:often']);
    expect(notices.waiting.size).toBe(0);
    expect(await counted('given_up')).toBe(2);
    expect(lines.map((line) => JSON.parse(line)).map(({ session }) => session)).toEqual(['old', 'often']);
  });
});

describe('while what it needs is away', () => {
  test('nothing is lost, no attempt is counted, and it is told once', async () => {
    let isAway = true;
    const { time, notices, delivery, lines, told } = setUp(() => {
      if (isAway) throw new Error('no database');
      return DELIVERED;
    });
    notices.add({ sessionId: 's1', clientId: 'shop' });
    notices.add({ sessionId: 's2', clientId: 'shop' });
    expect(await delivery.pass()).toBe(false);
    time.now += 1_000;
    await delivery.pass();
    expect(lines).toHaveLength(1);
    expect([...notices.waiting.values()].map(({ notice }) => notice.attempts)).toEqual([0, 0]);
    isAway = false;
    time.now += 1_000;
    await delivery.pass();
    expect(notices.waiting.size).toBe(0);
    expect(told.slice(-2)).toEqual(['shop:s1', 'shop:s2']);
  });

  test('Redis is asked again', async () => {
    const { notices, delivery, told } = setUp();
    notices.add({ sessionId: 's1', clientId: 'shop' });
    notices.failure = new Error('away');
    await delivery.pass();
    notices.failure = undefined;
    await delivery.pass();
    expect(told).toEqual(['shop:s1']);
  });
});

test('who stops ends the one that is being told, and puts the others back', async () => {
  const [begun, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<Told>()];
  const { notices, delivery, time } = setUp(() => {
    begun.resolve();
    return answer.promise;
  });
  notices.add({ sessionId: 's1', clientId: 'shop' });
  notices.add({ sessionId: 's2', clientId: 'shop' });
  delivery.start();
  await begun.promise;
  const stopped = delivery.stop();
  answer.resolve(DELIVERED);
  await stopped;
  expect([...notices.waiting.values()]).toMatchObject([{ notice: { sessionId: 's2', attempts: 0 }, due: time.now }]);
});
