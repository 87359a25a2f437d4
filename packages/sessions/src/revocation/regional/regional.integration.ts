import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { openRegion, type RealRegion } from '../../testing/real-regions.ts';
import { kidOf } from '../../testing/refusals.ts';
import { startValkey, type Valkey } from '../../testing/valkey.ts';
import { patiently } from '../../testing/waiting.ts';
import { revocationKeys } from '../keys.ts';
import type { RevocationReader } from '../reader.ts';
import type { Revocation } from '../revocation.ts';

const NAMES = ['tokyo', 'osaka', 'kyoto'] as const;
const nowS = () => Math.floor(Date.now() / 1000);

describe('revocations of three regions', () => {
  let server: Valkey;
  let prefix: string;
  let regions: RealRegion[];
  beforeAll(async () => {
    server = await startValkey(inject('valkey'));
  });
  afterAll(() => server.remove());
  /** A database is a store: the regions' own, and the last for all. */
  const urlOf = (index: number) => `${server.url}/${index}`;
  beforeEach(async () => {
    prefix = `test-${randomUUID()}`;
    const open = (name: string, index: number) =>
      openRegion({
        ...{ name, prefix, isPatient: true, localUrl: urlOf(index), globalUrl: urlOf(NAMES.length) },
        others: NAMES.filter((other) => other !== name),
      });
    regions = await Promise.all(NAMES.map(open));
  });
  afterEach(() => Promise.all(regions.map((region) => region.stop())));

  async function startAll(): Promise<RevocationReader[]> {
    const readers = regions.flatMap((region) => [region.start(), region.start()]);
    await patiently(() => {
      for (const reader of readers) expect(reader.behindMs).toBeLessThan(60_000);
    });
    return readers;
  }

  const region = (name: (typeof NAMES)[number]) => {
    const found = regions.find((one) => one.name === name);
    if (found === undefined) throw new TypeError(name);
    return found;
  };

  /** How many entries were ever written to each store; fewer than its stream has room for. */
  const written = () =>
    Promise.all([
      ...regions.map(({ local }) => local.xlen(revocationKeys(prefix).stream)),
      region('tokyo').global.xlen(revocationKeys(prefix).stream),
    ]);

  test('by name are written once to each store, with two bridges in each region', async () => {
    const readers = await startAll();
    await region('tokyo').revoker.revoke({ kind: 'session', id: 's1' });
    await patiently(async () => {
      for (const reader of readers) expect(reader.check({ session: { id: 's1' } })).toEqual({ kind: 'session' });
      expect(await written()).toEqual([1, 1, 1, 1]);
    });
    // What comes after it has passed everything that the first might have set off.
    await region('osaka').revoker.revoke({ kind: 'token', id: 't1' });
    await patiently(async () => {
      for (const reader of readers) expect(reader.check({ jti: 't1' })).toEqual({ kind: 'token' });
      expect(await written()).toEqual([2, 2, 2, 2]);
    });
  });

  const dated: Revocation[] = [
    { kind: 'user', id: 'u1' },
    { kind: 'device', id: 'd1' },
    { kind: 'client', id: 'web' },
    { kind: 'all' },
  ];
  const claims = (iat: number) => ({ sub: 'u1', iat, client_id: 'web', session: { id: 's', device: 'd1' } });

  test.each(dated)(
    'by moment ($kind) are answered once by each other region, and each store has the three',
    async (revocation) => {
      const readers = await startAll();
      const before = nowS() - 1;
      await region('tokyo').revoker.revoke(revocation);
      await patiently(async () => expect(await written()).toEqual([3, 3, 3, 3]));
      await patiently(() => {
        for (const reader of readers) {
          for (const name of NAMES) {
            expect(reader.check(claims(before), kidOf(name))).toEqual({ kind: revocation.kind });
            expect(reader.check(claims(nowS() + 2), kidOf(name))).toBeUndefined();
          }
        }
      });
      await patiently(() => {
        for (const { name, arrived } of regions) expect(arrived.length > 0).toBe(name !== 'tokyo');
      });
      const late = region('osaka').start();
      await late.ready;
      expect(late.check(claims(before), kidOf('osaka'))).toEqual({ kind: revocation.kind });
      expect(await written()).toEqual([3, 3, 3, 3]);
    },
  );

  test('by a moment that is given hold for every region, and are answered only where it includes now', async () => {
    const readers = await startAll();
    const given = nowS() - 600;
    await region('tokyo').revoker.revoke({ kind: 'all', issuedBefore: given });
    await patiently(async () => expect(await written()).toEqual([1, 1, 1, 1]));
    await patiently(() => {
      for (const reader of readers) {
        for (const name of NAMES) {
          expect(reader.check(claims(given), kidOf(name))).toEqual({ kind: 'all' });
          expect(reader.check(claims(given + 1), kidOf(name))).toBeUndefined();
        }
      }
    });
    const ahead = nowS() + 10;
    await region('osaka').revoker.revoke({ kind: 'client', id: 'web', issuedBefore: ahead });
    await patiently(async () => expect(await written()).toEqual([5, 5, 5, 5]));
    await patiently(() => {
      for (const reader of readers) expect(reader.check(claims(ahead), kidOf('kyoto'))).toEqual({ kind: 'client' });
    });
  });

  test('of a log-out ask the others, and refuse nothing by themselves', async () => {
    const readers = await startAll();
    await region('tokyo').revoker.revoke({ kind: 'logout', id: 'u1', except: 'kept' });
    await patiently(async () => expect(await written()).toEqual([3, 3, 3, 3]));
    for (const reader of readers) expect(reader.check(claims(0), kidOf('osaka'))).toBeUndefined();
    for (const { name, arrived } of regions) {
      if (name === 'tokyo') expect(arrived).toEqual([]);
      else
        await patiently(() =>
          expect(arrived[0]).toMatchObject({ kind: 'logout', id: 'u1', region: 'tokyo', except: 'kept' }),
        );
    }
    await expect(region('tokyo').revoker.revoke({ kind: 'logout', id: 'u1', except: 'a:b' })).rejects.toMatchObject({
      code: 'revocation_invalid',
    });
  });

  test('live longer by as much as clocks of regions may differ', async () => {
    const exp = nowS() + 300;
    await region('tokyo').revoker.revoke({ kind: 'token', id: 't', exp });
    const key = revocationKeys(prefix).ofKind('token');
    expect(await region('tokyo').local.zscore(key, 't')).toBe(String((exp + 90 + 900) * 1000));
  });

  test('say how they came and how old they are, to whoever hears of them first', async () => {
    const told: unknown[][] = [];
    const [tokyo, osaka] = [region('tokyo'), region('osaka')];
    const observer = { propagated: (...args: unknown[]) => void told.push(args) };
    const readers = [tokyo.start(), osaka.start({ isGuard: true, observers: { local: observer, global: observer } })];
    await Promise.all(readers.map(({ ready }) => ready));
    await tokyo.revoker.revoke({ kind: 'session', id: 's1' });
    await patiently(() => expect(told).toEqual([[expect.any(Number), 'session', 'tokyo']]));
  });

  test('each tells until when it told of its sessions, once it knows, beside what it revoked', async () => {
    const [tokyo, osaka] = [region('tokyo'), region('osaka')];
    let untoldMs = Number.POSITIVE_INFINITY;
    tokyo.start({ bridge: { ...tokyo.revoker.bridge, onArrival: async () => undefined, untoldMs: () => untoldMs } });
    const guard = osaka.start({ isGuard: true });
    const news = () => guard.regions().find(({ name }) => name === 'tokyo');
    await patiently(() => expect(news()?.ageMs).toBeLessThan(60_000));
    expect(news()?.untoldMs).toBe(Number.POSITIVE_INFINITY);
    untoldMs = 3_600_000;
    await patiently(() => expect(news()?.untoldMs).toBeLessThan(7_200_000));
    expect(news()?.untoldMs).toBeGreaterThanOrEqual(3_600_000);
    untoldMs = 0;
    await patiently(() => expect(news()?.untoldMs).toBeLessThan(3_600_000));
  });

  test('a mark of an administrator reaches every region, and the later one counts', async () => {
    const readers = await startAll();
    const stateOf = (reader: RevocationReader, name: string) =>
      reader.regions().find((one) => one.name === name)?.state;
    const states = () => readers.map((reader) => stateOf(reader, 'kyoto')).filter((state) => state !== undefined);
    await region('tokyo').revoker.mark('kyoto', 'lost');
    await patiently(() => expect(new Set(states())).toEqual(new Set(['lost'])));
    await region('osaka').revoker.mark('kyoto', 'present');
    await patiently(() => expect(new Set(states())).toEqual(new Set(['present'])));
    await patiently(async () => {
      for (const { local, global } of regions) {
        for (const store of [local, global]) {
          expect(await store.hget(revocationKeys(prefix).regions, 'kyoto:lost')).toMatch(/^present \d+$/);
        }
      }
    });
    // One that nobody can have made yet is none, and is made good.
    await region('tokyo').global.hset(revocationKeys(prefix).regions, 'kyoto:lost', 'lost 999999999999999');
    await patiently(async () =>
      expect(await region('osaka').global.hget(revocationKeys(prefix).regions, 'kyoto:lost')).toMatch(/^present \d+$/),
    );
    expect(new Set(states())).toEqual(new Set(['present']));
  });
});
