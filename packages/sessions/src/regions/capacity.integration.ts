import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { RedisConnection } from '../connection.ts';
import type { Session } from '../session.ts';
import { startValkey, type Valkey } from '../testing/valkey.ts';
import { connected, createRegion } from './testing/world.ts';

const PAGE = new URL('../../../../docs/regions.md', import.meta.url);
/** As many as let what a server takes for itself disappear. */
const COUNT = 3_000;
const AT_ONCE = 100;
/** Tables of a store grow in steps, and what clients wait for takes room as well: a figure is wrong by more than that. */
const TOLERANCE = 0.3;
const BUFFERS_BYTES = 200_000 / COUNT;

const device = {
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
};
const context = JSON.stringify({ client: 'shop-web', services: ['bucket', 'user'], scope: 'openid offline_access' });

let servers: readonly Valkey[];
let stores: { readonly local: RedisConnection; readonly global: RedisConnection };
let page: string;
beforeAll(async () => {
  servers = await Promise.all([startValkey(inject('valkey')), startValkey(inject('valkey'))]);
  const [local, global] = await Promise.all(servers.map(({ url }) => connected(url)));
  if (local === undefined || global === undefined) throw new Error('both stores must be there');
  stores = { local, global };
  page = await readFile(PAGE, 'utf8');
}, 120_000);
afterAll(async () => {
  stores?.local.disconnect();
  stores?.global.disconnect();
  await Promise.all((servers ?? []).map((server) => server.remove()));
});

/** Bytes that a store holds, and that it was sent and sent back. */
async function bytes(redis: RedisConnection) {
  const text = `${await redis.info('memory')}${await redis.info('stats')}`;
  const of = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1]);
  return { held: of('used_memory'), sent: of('total_net_input_bytes') + of('total_net_output_bytes') };
}

/** What changes by `work`, for each session. */
async function cost(redis: RedisConnection, work: () => Promise<unknown>) {
  const before = await bytes(redis);
  await work();
  const after = await bytes(redis);
  return { held: (after.held - before.held) / COUNT, sent: (after.sent - before.sent) / COUNT };
}

/** What the page says. */
function figure(label: string): number {
  const [, text = ''] = new RegExp(`^\\| ${label} \\| ([\\d,]+) bytes \\|`, 'm').exec(page) ?? [];
  if (text === '') throw new Error(`docs/regions.md has no figure for: ${label}`);
  return Number(text.replaceAll(',', ''));
}

function expectAsTold(label: string, measured: number): void {
  const told = figure(label);
  const isClose = Math.abs(measured - told) <= told * TOLERANCE + BUFFERS_BYTES;
  expect({ label, told, measured: Math.round(measured), isClose }).toMatchObject({ isClose: true });
}

async function inTurns(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => work(from + index)));
  }
}

test('docs/regions.md tells what a session takes in the stores and on the line', { timeout: 600_000 }, async () => {
  const { local, global } = stores;
  const region = createRegion({ name: 'tokyo', local, global, prefix: 'sk', clock: () => new Date() });
  const begun: Session[] = [];
  const begin = async () => {
    const session = await region.sessions.create({
      userId: randomUUID(),
      device,
      ip: '203.0.113.7',
      clientId: 'shop-web',
    });
    await region.refresh.begin(session.userId, session.id, { secret: randomBytes(32).toString('base64url'), context });
    begun.push(session);
  };
  // Scripts are brought to a store once.
  await inTurns(AT_ONCE * 6, begin);
  await region.sync();
  begun.length = 0;

  const made = await cost(local, () => inTurns(COUNT, begin));
  let freed = { held: 0, sent: 0 };
  const pushed = await cost(global, async () => {
    freed = await cost(local, () => region.sync());
  });
  expectAsTold('a session, in the Redis of its region', made.held + freed.held);
  expectAsTold('a session, in the global Redis', pushed.held);
  expectAsTold('a new session, on the line', pushed.sent);

  const use = async (index: number) => {
    const { userId = '', id = '' } = begun[index] ?? {};
    await region.sessions.touch(userId, id);
  };
  const waiting = await cost(local, () => inTurns(COUNT, use));
  const used = await cost(global, () => region.sync());
  expectAsTold('a session that waits to be sent, beside that', waiting.held);
  expectAsTold('a session that was used, on the line', used.sent);
});
