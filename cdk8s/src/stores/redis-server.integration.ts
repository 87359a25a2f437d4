import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRevoker, createSessionStore, openRevocationLog, startRevocationReader } from '@sekisho/sessions';
import { connectRedis } from '@sekisho/sessions/redis';
import { startValkey, type Valkey } from '@sekisho/sessions/testing';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { renderPlatform } from '../platform.ts';

const PASSWORDS = { auth: 'a-password-of-auth', guard: 'a-password-of-guard' } as const;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** The users that docs/manifests.md has people make. */
function aclFromDocs(): string {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/manifests.md'), 'utf8');
  const [, rights] = /^rights='(.*)'$/m.exec(text) ?? [];
  const [, file] = /users\.acl="([^"]*(?:"\$redis_\w+"[^"]*)*)"\n/.exec(text) ?? [];
  if (rights === undefined || file === undefined) throw new Error('docs/manifests.md tells no users of Redis');
  return file
    .replaceAll('$rights', rights)
    .replace(/\$\(sha256 "\$redis_(auth|guard)"\)/g, (_, user: keyof typeof PASSWORDS) => sha256(PASSWORDS[user]));
}

interface StatefulSet {
  readonly template: { readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] } };
}

/** As the pod gets them, but for where it listens and where its files are. */
function serverArguments(aclFile: string): string[] {
  const { manifests } = renderPlatform({ issuer: 'https://auth.example', redis: {} });
  const [spec] = manifests.flatMap((one) => (one.kind === 'StatefulSet' ? [one['spec'] as StatefulSet] : []));
  const args = spec?.template.spec.containers[0]?.args ?? [];
  const pairs = args.flatMap((name, at) => (at % 2 === 0 ? [[name, args[at + 1] ?? '']] : []));
  return pairs.flatMap(([name = '', value = '']) => {
    if (name === '--port' || name === '--dir') return [];
    return [name, name === '--aclfile' ? aclFile : value];
  });
}

const folder = mkdtempSync(join(tmpdir(), 'redis-acl-'));
let server: Valkey;
beforeAll(async () => {
  const aclFile = join(folder, 'users.acl');
  writeFileSync(aclFile, `${aclFromDocs()}\n`);
  server = await startValkey(inject('valkey'), { args: serverArguments(aclFile) });
});
afterAll(async () => {
  await server?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const urlOf = (user: keyof typeof PASSWORDS) => `redis://${user}:${PASSWORDS[user]}@127.0.0.1:${server.port}`;

async function connected(user: keyof typeof PASSWORDS) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const redis = connectRedis({
    url: urlOf(user),
    commandTimeoutMs: 30_000,
    onState: (state) => state === 'ready' && resolve(),
  });
  onTestFinished(() => redis.disconnect());
  await promise;
  return redis;
}

test.each(['auth', 'guard'] as const)('%s may do what sessions and revocations need', async (user) => {
  const redis = await connected(user);
  const clock = () => new Date();
  const sessions = createSessionStore({ redis, clock, newId: randomUUID });
  const { id } = await sessions.create({ userId: 'u1', device: { userAgent: 'test' } });
  expect(await sessions.touch('u1', id)).toMatchObject({ id });
  expect((await sessions.list('u1')).map((one) => one.id)).toContain(id);
  await createRevoker({ redis, clock, tokenLifetime: 900 }).end([{ id, userId: 'u1', clientId: 'web' }]);
  expect(await sessions.destroy('u1', id)).toEqual([id]);
  const reader = startRevocationReader({ log: openRevocationLog({ url: urlOf(user) }), clock });
  onTestFinished(() => reader.stop());
  await reader.ready;
  expect(reader.check({ session: { id } })).toBeDefined();
});

test('nobody comes in without a password', async () => {
  await expect(server.ask('ping')).rejects.toThrow('NOAUTH');
});

test('nobody may reconfigure or empty it, or write elsewhere', async () => {
  const redis = await connected('guard');
  await expect(redis.config('SET', 'maxmemory-policy', 'allkeys-lru')).rejects.toThrow('NOPERM');
  await expect(redis.flushall()).rejects.toThrow('NOPERM');
  await expect(redis.keys('*')).rejects.toThrow('NOPERM');
  await expect(redis.set('elsewhere', '1')).rejects.toThrow('NOPERM');
});

test('a full one refuses instead of forgetting, and what it has is on its volume', async () => {
  const redis = await connected('auth');
  const info = await redis.info();
  expect(info).toContain('maxmemory_policy:noeviction');
  expect(info).toContain('maxmemory:268435456');
  expect(info).toContain('aof_enabled:1');
});
