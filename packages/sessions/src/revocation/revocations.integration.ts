import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createSessionStore } from '../open-store.ts';
import { connected } from '../testing/connected.ts';
import { measurePropagation } from '../testing/propagation.ts';
import { patiently } from '../testing/waiting.ts';
import { revocationKeys } from './keys.ts';
import { openRevocationLog } from './open.ts';
import { type RevocationReader, startRevocationReader } from './reader.ts';
import type { Revocation } from './revocation.ts';
import { createRevoker, type Revoker } from './revoker.ts';

const url = inject('redisUrl');
const redis = await connected(url);
afterAll(() => redis.disconnect());

const TOKEN_LIFE_S = 900;
const WEEK_MS = 7 * 24 * 60 * 60 * 1000;
const clock = () => new Date();

let prefix: string;
let revoker: Revoker;
const readers: RevocationReader[] = [];
beforeEach(() => {
  prefix = `test-${randomUUID()}`;
  revoker = createRevoker({ redis, clock, tokenLifetime: TOKEN_LIFE_S, prefix });
});
afterEach(() => Promise.all(readers.splice(0).map((reader) => reader.stop())));

async function read(): Promise<RevocationReader> {
  const reader = startRevocationReader({ log: openRevocationLog({ url, prefix }), clock, restore: revoker.restore });
  readers.push(reader);
  await reader.ready;
  return reader;
}

const nowS = () => Math.floor(Date.now() / 1000);

describe('revocations in Redis', () => {
  const iat = nowS() - 5;
  const claims = {
    jti: 't1',
    sub: 'u1',
    iat,
    client_id: 'web',
    user: { id: 'u1' },
    session: { id: 's1', device: 'd1' },
  };
  const revocations: Revocation[] = [
    { kind: 'token', id: 't1' },
    { kind: 'session', id: 's1' },
    { kind: 'key', id: 'k1' },
    { kind: 'user', id: 'u1' },
    { kind: 'device', id: 'd1' },
    { kind: 'client', id: 'web' },
    { kind: 'all' },
  ];

  test.each(revocations)('of kind $kind reach a reader that follows and one that comes later', async (revocation) => {
    const before = await read();
    expect(before.check(claims, 'k1')).toBeUndefined();
    await revoker.revoke(revocation);
    await patiently(() => expect(before.check(claims, 'k1')).toEqual({ kind: revocation.kind }));
    const after = await read();
    expect(after.check(claims, 'k1')).toEqual({ kind: revocation.kind });
    const later = { jti: 't2', sub: 'u1', iat: nowS() + 2, client_id: 'web', session: { id: 's2', device: 'd1' } };
    expect(after.check(later, 'k2')).toBeUndefined();
  });

  test('of several things are one step', async () => {
    const reader = await read();
    await revoker.revoke({ kind: 'session', id: 's1' }, { kind: 'session', id: 's2' }, { kind: 'user', id: 'u' });
    await patiently(() => expect(reader.size).toBe(3));
    await expect(revoker.revoke({ kind: 'session', id: 's3' }, { kind: 'user', id: '' })).rejects.toMatchObject({
      code: 'revocation_invalid',
    });
    await expect(revoker.revoke(...Array(501).fill({ kind: 'session', id: 's4' }))).rejects.toMatchObject({
      code: 'revocation_invalid',
    });
    await revoker.revoke();
    expect((await read()).size).toBe(3);
  });

  test('live until nothing is left that they could refuse', async () => {
    const exp = nowS() + 300;
    const begun = Date.now();
    await revoker.revoke({ kind: 'token', id: 'known', exp }, ...revocations);
    const answered = Date.now();
    const until = async (kind: string, member: RegExp) => {
      const flat = await redis.zrange(`${revocationKeys(prefix).stream}:${kind}`, '0', '-1', 'WITHSCORES');
      return Number(flat[flat.findIndex((name) => member.test(name)) + 1]);
    };
    expect(await until('token', /^known$/)).toBe((exp + 90) * 1000);
    /** In Redis' whole seconds. */
    const expectLife = (end: number, lifeMs: number) => {
      expect(end).toBeGreaterThan(begun + lifeMs - 2_000);
      expect(end).toBeLessThan(answered + lifeMs + 2_000);
    };
    expectLife(await until('token', /^t1$/), (TOKEN_LIFE_S + 90) * 1000);
    for (const [kind, member] of [
      ['session', /^s1$/],
      ['key', /^k1$/],
      ['user', /^\d+:u1$/],
      ['device', /^\d+:d1$/],
      ['client', /^\d+:web$/],
      ['all', /^\d+:\*$/],
    ] as const) {
      expectLife(await until(kind, member), WEEK_MS + 90_000);
    }
    for (const { kind } of revocations)
      expect(await redis.pttl(revocationKeys(prefix).ofKind(kind))).toBeGreaterThan(0);
  });

  test('outlive a session that comes back, as a failover brings what a replica still had', async () => {
    const sessions = createSessionStore({ redis, clock, newId: randomUUID, prefix });
    const { id } = await sessions.create({ userId: 'u1', device: {} });
    const used = await sessions.touch('u1', id);
    await revoker.revoke({ kind: 'session', id });
    const { stream } = revocationKeys(prefix);
    expect(Number(await redis.zscore(`${stream}:session`, id))).toBeGreaterThan(used?.expiresAt ?? Number.NaN);
  });

  test('that are repeated change nothing, unless they last longer', async () => {
    const { stream } = revocationKeys(prefix);
    const exp = nowS() + 300;
    await revoker.revoke({ kind: 'token', id: 't', exp });
    await revoker.revoke({ kind: 'token', id: 't', exp });
    await revoker.revoke({ kind: 'token', id: 't', exp: exp - 100 });
    expect(await redis.xlen(stream)).toBe(1);
    await revoker.revoke({ kind: 'token', id: 't', exp: exp + 100 });
    expect(await redis.xlen(stream)).toBe(2);
    expect(await redis.zscore(`${stream}:token`, 't')).toBe(String((exp + 190) * 1000));
  });

  test('use the later of two clocks: one that is behind revokes nothing too little, one far ahead not much too much', async () => {
    const issued = nowS();
    const behind = createRevoker({ redis, clock: () => new Date(0), tokenLifetime: TOKEN_LIFE_S, prefix });
    await behind.revoke({ kind: 'user', id: 'u1' });
    const ahead = createRevoker({ redis, clock: () => new Date(Date.now() + 30_000), tokenLifetime: 900, prefix });
    await ahead.revoke({ kind: 'user', id: 'u2' });
    const wrong = createRevoker({ redis, clock: () => new Date(Date.now() + 86_400_000), tokenLifetime: 900, prefix });
    await wrong.revoke({ kind: 'user', id: 'u3' });
    const reader = await read();
    expect(reader.check({ sub: 'u3', iat: nowS() + 120 })).toBeUndefined();
    expect(reader.check({ sub: 'u1', iat: issued - 2 })).toEqual({ kind: 'user' });
    expect(reader.check({ sub: 'u2', iat: issued + 20 })).toEqual({ kind: 'user' });
  });

  test.each<Revocation>([
    { kind: 'session', id: '' },
    { kind: 'session', id: 'a\nb' },
    { kind: 'session', id: 'x'.repeat(513) },
    { kind: 'token', id: 't', exp: 4_000_000_000 },
    { kind: 'token', id: 't', exp: 1.5 },
    { kind: 'user', id: 'u', issuedBefore: nowS() + 3_600 },
    { kind: 'all', issuedBefore: -1 },
    { kind: 'all', issuedBefore: Number.NaN },
  ])('that make no sense are refused (%#)', async (revocation) => {
    await expect(revoker.revoke(revocation)).rejects.toMatchObject({ code: 'revocation_invalid' });
    expect(await redis.exists(revocationKeys(prefix).stream)).toBe(0);
  });

  test('take any text for an id, and no part of it for more', async () => {
    const ids = ['1:2', '*', '{a}:b', "'); redis.call('FLUSHALL') --", '関所', 'now', '0-0'];
    await revoker.revoke(
      ...ids.flatMap((id): Revocation[] => [
        { kind: 'token', id },
        { kind: 'client', id },
      ]),
    );
    const reader = await read();
    for (const id of ids) {
      expect(reader.check({ jti: id, iat })).toEqual({ kind: 'token' });
      expect(reader.check({ client_id: id, iat })).toEqual({ kind: 'client' });
    }
    expect(reader.check({ jti: '2', client_id: 'a', iat })).toBeUndefined();
  });

  test('go from Redis when they are over, with the next that comes', async () => {
    const { stream } = revocationKeys(prefix);
    await redis.zadd(`${stream}:session`, Date.now() - 1_000, 'over', Date.now() + 3_600_000, 'lasting');
    await redis.xadd(stream, '1-0', 'kind', 'session', 'member', 'over', 'until', '1', 'after', '0-0');
    await revoker.revoke({ kind: 'session', id: 'new' });
    expect((await redis.zrange(`${stream}:session`, '0', '-1')).toSorted()).toEqual(['lasting', 'new']);
  });

  test('are loaded again after the stream was cut, deleted or flushed, and what was lost comes back', async () => {
    const reader = await read();
    const { stream, sets } = revocationKeys(prefix);
    await revoker.revoke({ kind: 'session', id: 's1' });
    await patiently(() => expect(reader.size).toBe(1));
    await redis.del(stream, ...sets.map(({ key }) => key));
    await patiently(async () => expect(await redis.zrange(`${stream}:session`, '0', '-1')).toEqual(['s1']));
    await redis.del(stream);
    await revoker.revoke({ kind: 'session', id: 's2' });
    await patiently(() => expect(reader.size).toBe(2));
    await revoker.revoke({ kind: 'session', id: 's3' });
    await patiently(() => expect(reader.size).toBe(3));
    expect((await read()).size).toBe(3);
  });

  test('reach a reader within a moment of the answer', async () => {
    const reader = await read();
    const revoke = (id: string) => revoker.revoke({ kind: 'session', id });
    const took = await measurePropagation({ revoke, reader, count: 200, newId: randomUUID });
    // How soon is for the benchmark to tell; here it is far below a reader's own reloads.
    expect(took.toSorted((one, other) => one - other)[100]).toBeLessThan(1_000);
  });

  test('of 20 revokers at once are one order, with every entry in it', async () => {
    const reader = await read();
    const ids = Array.from({ length: 400 }, (_, index) => `s${index}`);
    await Promise.all(ids.map((id) => revoker.revoke({ kind: 'session', id })));
    await patiently(() => expect(reader.size).toBe(ids.length));
    const rows = await redis.xrange(revocationKeys(prefix).stream, '-', '+');
    const after = rows.map(([, fields]) => fields[fields.indexOf('after') + 1]);
    expect(after).toEqual(['0-0', ...rows.slice(0, -1).map(([id]) => id)]);
  });
});
