import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Addresses } from '../mesh/addresses.ts';
import { waitFor } from '../mesh/wait.ts';
import { type Forward, forward } from './forward.ts';
import { Tunnel } from './tunnel.ts';

const LONG = 60_000;
const addresses = new Addresses(import.meta.dirname);
/** That nobody else takes before it is used. */
const ownPort = () => addresses.port('127.0.0.1', 27_900);

let relay: ChildProcess;
let port: number;
let tunnel: Tunnel;

function dial(to: number): Promise<Socket> {
  const socket = connectTcp({ host: '127.0.0.1', port: to, allowHalfOpen: true });
  return once(socket, 'connect').then(() => socket);
}

/** Answers with what it got, once the other side has said everything. */
async function echo(): Promise<Forward> {
  const server = createServer({ allowHalfOpen: true }, async (socket) => {
    socket.on('error', () => socket.destroy());
    const said = await text(socket);
    if (said === 'cut me') socket.resetAndDestroy();
    else socket.end(`${said.length} ${said.slice(0, 5)}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const close = async () => void server.close();
  const to = address !== null && typeof address === 'object' ? address.port : 0;
  return { host: '127.0.0.1', port: to, [Symbol.asyncDispose]: close };
}

beforeAll(async () => {
  port = await ownPort();
  relay = spawn(process.execPath, [join(import.meta.dirname, 'relay.ts'), String(port)], { stdio: 'inherit' });
  await waitFor('the relay listens', async () => (await dial(port)).destroy(), { timeout: LONG });
  tunnel = new Tunnel(() => dial(port));
});
afterAll(async () => {
  await tunnel?.[Symbol.asyncDispose]();
  relay?.kill();
});

describe('a connection through the relay', { timeout: 2 * LONG }, () => {
  test('carries both directions, each to its own end', async () => {
    await using server = await echo();
    const connection = await tunnel.connect(server.host, server.port);
    connection.end('hello'.repeat(100_000));
    expect(await text(connection)).toBe('500000 hello');
  });

  test('is refused with the reason where nobody listens', async () => {
    await expect(tunnel.connect('127.0.0.1', await ownPort())).rejects.toThrow('ECONNREFUSED');
  });

  test('comes from a port that the relay listens on', async () => {
    await using server = await echo();
    const listened = await ownPort();
    await tunnel.accept(listened, (connection) => {
      dial(server.port).then((socket) => {
        connection.pipe(socket).pipe(connection);
      }, connection.destroy);
    });
    const caller = await dial(listened);
    caller.end('hello');
    expect(await text(caller)).toBe('5 hello');
  });
});

describe('a forwarded port', { timeout: 2 * LONG }, () => {
  test('leads to where the tunnel leads', async () => {
    await using server = await echo();
    await using local = await forward(() => tunnel.connect(server.host, server.port));
    const caller = await dial(local.port);
    caller.end('hello');
    expect(await text(caller)).toBe('5 hello');
  });

  test('is cut where the other side cuts', async () => {
    await using server = await echo();
    await using local = await forward(() => tunnel.connect(server.host, server.port));
    const caller = await dial(local.port);
    caller.end('cut me');
    await expect(text(caller)).rejects.toThrow('ECONNRESET');
  });

  test('says so where nobody listens, and is not merely cut', async () => {
    const nobody = await ownPort();
    await using local = await forward(() => tunnel.connect('127.0.0.1', nobody));
    expect(await text(await dial(local.port))).toContain('ECONNREFUSED');
  });

  test('works again after the way to the relay broke', async () => {
    const ways: Socket[] = [];
    const own = async () => {
      const way = await dial(port);
      ways.push(way);
      return way;
    };
    await using fragile = new Tunnel(own);
    await using server = await echo();
    await using local = await forward(() => fragile.connect(server.host, server.port));
    const ask = async () => {
      const caller = await dial(local.port);
      caller.end('hello');
      return text(caller);
    };
    expect(await ask()).toBe('5 hello');
    ways[0]?.destroy();
    await waitFor('an answer by another way', async () => (await ask()) === '5 hello', { timeout: LONG });
    expect(ways.length).toBeGreaterThan(1);
  });
});
