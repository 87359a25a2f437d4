import { FakeClock } from '@sekisho/kube/testing';
import { basisOf, type Identified, judgeSight, LABEL } from '@sekisho/policy';
import { createMetrics } from '@sekisho/telemetry';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { OperatorError } from '../errors.ts';
import { FakeIstiod } from '../testing/fake-istiod.ts';
import { createIstiod, type Istiod } from './istiod.ts';
import { createEnforceMetrics } from './metrics.ts';
import { EnforcementWatch } from './watch.ts';

const SETTLE = 12_000;
const PATIENCE_MS = 60_000;
const KEY = 'shop/bucket';
const A = 'bucket-a.shop';
const B = 'bucket-b.shop';

const generated = (generation: number, name = 'bucket-allow'): Identified => ({
  kind: 'AuthorizationPolicy',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, generation, labels: { [LABEL.policy]: 'bucket' } },
});
const awaited = (objects: readonly Identified[], ...proxies: readonly string[]) => ({
  basis: basisOf(objects),
  group: KEY,
  proxies,
});

let clock: FakeClock;
let metrics: ReturnType<typeof createMetrics>;
let istiod: Istiod;
/** Of a replica that hangs nothing is waited for. */
let hasty: Istiod;
let replicas: [FakeIstiod, FakeIstiod];
let news: string[];
let failures: Set<string>;
let watch: EnforcementWatch;
let stop: AbortController;
let running: Promise<void>;

beforeEach(async () => {
  clock = new FakeClock(Date.now());
  metrics = createMetrics({ processMetrics: false });
  replicas = [await FakeIstiod.start(), await FakeIstiod.start()];
  istiod = createIstiod({ timeoutMs: PATIENCE_MS, maxBytes: 1024 * 1024, token: undefined });
  hasty = createIstiod({ timeoutMs: 300, maxBytes: 1024 * 1024, token: undefined });
  news = [];
  failures = new Set();
  stop = new AbortController();
  watch = create({
    elements: (base, ...asked) => patienceFor(base).elements(base, ...asked),
    close: async () => undefined,
  });
  running = watch.run(stop.signal);
});

afterEach(async () => {
  stop.abort();
  await running;
  await Promise.all([istiod.close(), hasty.close()]);
  for (const replica of replicas) {
    expect(replica.unexpected).toEqual([]);
    await replica.close();
  }
});

function patienceFor(base: string): Istiod {
  const hangs = replicas.some(({ replica, failing }) => replica.url === base && failing === 'hangs');
  return hangs ? hasty : istiod;
}

function create(asked: Istiod): EnforcementWatch {
  return new EnforcementWatch({
    istiod: asked,
    source: { replicas: () => replicas.map(({ replica }) => replica), run: () => Promise.resolve() },
    settleMs: SETTLE,
    clock,
    random: () => 0.5,
    metrics: createEnforceMetrics(metrics),
    outages: { failed: (what) => void failures.add(what), ended: (what) => void failures.delete(what) },
    onNews: (keys) => void news.push(...keys),
  });
}

const [first, second] = [() => replicas[0], () => replicas[1]];
const reason = (...proxies: readonly string[]) => judgeSight(proxies, watch.sight(KEY)).reason;
const rounds = async () => Number(/sekisho_istiod_round_seconds_count (\d+)/.exec(await metrics.render())?.[1] ?? 0);

/** Lets time pass until this many more rounds were made. */
async function looks(count: number): Promise<void> {
  const wanted = (await rounds()) + count;
  while ((await rounds()) < wanted) {
    await vi.waitFor(() => expect(clock.pending.length).toBeGreaterThan(0), PATIENCE_MS);
    const before = await rounds();
    await clock.advance(clock.pending[0] ?? 0);
    await vi.waitFor(async () => expect(await rounds()).toBeGreaterThan(before), PATIENCE_MS);
  }
}

const now = () => new Date(clock.now());

describe('the watch of proxies', () => {
  test('asks nobody while nothing is waited for', async () => {
    await clock.advance(600_000);
    watch.want(KEY, awaited([generated(1)], A));
    await looks(1);
    watch.want(KEY, undefined);
    const asked = first().asked.length;
    await clock.advance(600_000);
    expect(first().asked).toHaveLength(asked);
  });

  test('finds each proxy at the replica that knows it, and tells once that all are current', async () => {
    const objects = [generated(1), generated(1, 'bucket-jwt')];
    for (const replica of replicas) replica.objects = objects;
    first().push(A, now());
    second().push(B, now());
    watch.want(KEY, awaited(objects, A, B));
    await looks(1);
    expect(reason(A, B)).toBe('Pending');
    await clock.advance(SETTLE);
    await looks(1);
    expect(reason(A, B)).toBe('Enforced');
    expect(news).toEqual([KEY]);
  });

  test('asks anew where a proxy ran before it was selected: nothing that was known before speaks for it', async () => {
    const objects = [generated(1)];
    for (const replica of replicas) replica.objects = objects;
    first().push(A, now());
    second().push(B, now());
    watch.want(KEY, awaited(objects, A, B));
    await looks(1);
    await clock.advance(SETTLE);
    await looks(1);
    expect(reason(A, B)).toBe('Enforced');

    watch.relabelled([KEY], B);
    expect(watch.sight(KEY).relabelled).toEqual([B]);
    watch.want(KEY, awaited(objects, A, B));
    expect(reason(A, B)).toBe('Pending');
    second().asked = [];
    await looks(1);
    expect(second().asked).toContain('/debug/configz');
    expect(reason(A, B)).toBe('Pending');
    await clock.advance(SETTLE);
    await looks(1);
    expect(reason(A, B)).toBe('Enforced');
    watch.told(KEY, watch.sight(KEY));
    expect(watch.sight(KEY).relabelled).toEqual([]);
  });

  test('is not content with one replica that holds an older generation, an object less, or one more', async () => {
    const objects = [generated(2), generated(1, 'bucket-jwt')];
    first().objects = objects;
    for (const wrong of [[generated(1), objects[1]], [objects[0]], [...objects, generated(1, 'bucket-old')]]) {
      second().objects = wrong.filter((object) => object !== undefined);
      first().push(A, now());
      second().push(B, now());
      watch.want(KEY, undefined);
      watch.want(KEY, awaited(objects, A, B));
      await looks(1);
      await clock.advance(SETTLE);
      await looks(1);
      expect(reason(A, B)).toBe('IstiodBehind');
    }
    second().objects = objects;
    await looks(1);
    await clock.advance(SETTLE);
    await looks(1);
    expect(reason(A, B)).toBe('Enforced');
  });

  test('tells of a refusal at once, and of its end', async () => {
    const objects = [generated(1)];
    for (const replica of replicas) replica.objects = objects;
    first().push(A, now(), { nack: 'max_request_bytes: value is required' });
    watch.want(KEY, awaited(objects, A));
    await looks(1);
    expect(reason(A)).toBe('ProxiesRejecting');
    expect(news).toEqual([KEY]);
    first().push(A, now());
    await looks(1);
    await clock.advance(SETTLE);
    await looks(1);
    expect(reason(A)).toBe('Enforced');
  });

  test('does not take listeners from before the writing for those after it', async () => {
    const objects = [generated(1)];
    for (const replica of replicas) replica.objects = objects;
    first().push(A, new Date(Date.now() - 60_000));
    watch.writing(KEY, basisOf([]));
    watch.want(KEY, awaited(objects, A));
    await looks(1);
    await clock.advance(SETTLE);
    await looks(1);
    expect(reason(A)).toBe('ProxiesBehind');
  });

  test('does not wait for listeners that a repair brings no reason to make', async () => {
    const objects = [generated(1)];
    for (const replica of replicas) replica.objects = objects;
    first().push(A, new Date(Date.now() - 60_000));
    watch.writing(KEY, basisOf(objects));
    watch.want(KEY, awaited(objects, A));
    await looks(1);
    await clock.advance(SETTLE);
    await looks(1);
    expect(reason(A)).toBe('Enforced');
  });

  test.each([
    [500, 'IstiodUnreachable'],
    ['hangs', 'IstiodUnreachable'],
    [403, 'IstiodForbidden'],
    [404, 'IstiodUnreadable'],
    ['cut', 'IstiodUnreadable'],
    ['other', 'IstiodUnreadable'],
  ] as const)('says what it is when a replica answers %s, and recovers alone', async (failing, expected) => {
    const objects = [generated(1)];
    for (const replica of replicas) replica.objects = objects;
    first().push(A, now());
    second().push(B, now());
    second().failing = failing;
    watch.want(KEY, awaited(objects, A, B));
    await looks(1);
    expect(reason(A, B)).toBe('Pending');
    await clock.advance(SETTLE);
    await looks(1);
    expect(reason(A, B)).toBe(expected);
    expect([...failures]).toEqual([`istiod ${second().replica.name}`]);
    second().failing = undefined;
    await looks(1);
    await clock.advance(SETTLE);
    await looks(1);
    expect(reason(A, B)).toBe('Enforced');
    expect(failures.size).toBe(0);
  });

  test('forgets what a replica held when it fails: it may be another process afterwards', async () => {
    const objects = [generated(1)];
    for (const replica of replicas) replica.objects = objects;
    first().push(A, now(), 'none');
    watch.want(KEY, awaited(objects, A));
    await looks(1);
    first().failing = 500;
    await looks(1);
    first().failing = undefined;
    first().objects = [];
    first().push(A, now());
    await clock.advance(SETTLE);
    await looks(1);
    expect(reason(A)).toBe('IstiodBehind');
  });

  test('reads the configuration only while something is still to be found in it', async () => {
    const objects = [generated(1)];
    for (const replica of replicas) replica.objects = objects;
    first().push(A, now(), 'none');
    watch.want(KEY, awaited(objects, A));
    await looks(3);
    expect(first().asked.filter((path) => path === '/debug/configz')).toHaveLength(1);
    expect(first().asked.filter((path) => path === '/debug/syncz?namespace=shop')).toHaveLength(3);
  });

  test('asks more and more rarely, and soon again when something is added', async () => {
    watch.want(KEY, awaited([generated(1)], A));
    await looks(2);
    await clock.advance(SETTLE);
    await looks(9);
    await vi.waitFor(() => expect(clock.pending[0]).toBeGreaterThan(30_000), PATIENCE_MS);
    watch.want('shop/user', { ...awaited([generated(1)], B), group: 'shop/user' });
    await vi.waitFor(() => expect(clock.pending[0]).toBeLessThanOrEqual(500), PATIENCE_MS);
  });

  test('looks again soon when it runs again after a look that was cut off', async () => {
    first().failing = 'hangs';
    watch.want(KEY, awaited([generated(1)], A));
    await vi.waitFor(() => expect(clock.pending).toEqual([500]), PATIENCE_MS);
    await clock.advance(500);
    await vi.waitFor(() => expect(first().asked).not.toEqual([]), PATIENCE_MS);
    stop.abort();
    await running;
    first().failing = undefined;
    stop = new AbortController();
    running = watch.run(stop.signal);
    await vi.waitFor(() => expect(clock.pending).toEqual([500]), PATIENCE_MS);
    await looks(1);
  });

  test('takes no more than its share of the time of one replica while another one is away', async () => {
    const elements = async (base: string) => {
      if (base === second().replica.url) throw new OperatorError('istiod_unreachable', 'gone');
      clock.freeze(1_500);
      return clock.now();
    };
    metrics = createMetrics({ processMetrics: false });
    watch = create({ elements, close: () => Promise.resolve() });
    const slow = watch.run(stop.signal);
    watch.want(KEY, awaited([generated(1)], A));
    await looks(1);
    await vi.waitFor(() => expect(clock.pending[0]).toBeGreaterThanOrEqual(15_000), PATIENCE_MS);
    stop.abort();
    await slow;
  });

  test('looks for a proxy that comes later without a word against it, and forgets nothing of the others', async () => {
    const objects = [generated(1)];
    for (const replica of replicas) replica.objects = objects;
    first().push(A, now(), { nack: 'no' });
    watch.want(KEY, awaited(objects, A));
    await looks(1);
    watch.want(KEY, awaited(objects, A, B));
    expect(reason(A, B)).toBe('ProxiesRejecting');
    expect(reason(B)).toBe('Pending');
  });
});

test('the token is sent, and one that is refused is told from an istiod that is gone', async () => {
  let token = 'wrong';
  const withToken = createIstiod({ timeoutMs: PATIENCE_MS, maxBytes: 1024, token: async () => token });
  first().token = 'right';
  const look = () => withToken.elements(first().replica.url, '/debug/syncz', () => undefined, stop.signal);
  await expect(look()).rejects.toMatchObject({ code: 'istiod_forbidden' });
  token = 'right';
  expect(await look()).toBeGreaterThan(0);
  await withToken.close();
});

test('an answer that is too large is given up', async () => {
  const small = createIstiod({ timeoutMs: PATIENCE_MS, maxBytes: 100, token: undefined });
  first().objects = [generated(1), generated(2)];
  const look = small.elements(first().replica.url, '/debug/configz', () => undefined, stop.signal);
  await expect(look).rejects.toMatchObject({ code: 'istiod_unreadable' });
  await small.close();
});
