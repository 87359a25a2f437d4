import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Addresses } from '../mesh/addresses.ts';
import { LOCAL } from '../mesh/paths.ts';
import { Supervisor } from '../mesh/supervisor.ts';
import { waitFor } from '../mesh/wait.ts';
import { runFolder } from '../setup/run-folder.ts';
import { ensureToxiproxy } from '../toolchain/index.ts';
import { Lines } from './lines.ts';
import { type Toxiproxy, toxiproxy } from './toxiproxy.ts';

const LINE = 'tokyo-global';
const WAIT = { timeout: 60_000 };

let far: Server;
let folder: string;
let supervisor: Supervisor;
let proxy: Toxiproxy;
let lines: Lines;
const sockets: Socket[] = [];

beforeAll(async () => {
  far = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  far.listen(0, '127.0.0.1');
  await once(far, 'listening');
  folder = await runFolder(LOCAL);
  const logs = join(folder, 'logs');
  await mkdir(logs);
  supervisor = new Supervisor(join(folder, 'processes.json'), folder);
  const program = await ensureToxiproxy(process.env, (line) => console.log(`  ${line}`));
  const address = `127.0.0.1:${(far.address() as AddressInfo).port}`;
  const context = { folder, logs, addresses: new Addresses(folder) };
  proxy = await toxiproxy(program, { global: address, database: address }, context);
  await supervisor.start(proxy.spec);
  lines = new Lines(proxy.api);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await lines.heal(LINE);
});
afterAll(async () => {
  await supervisor?.stop();
  far?.close();
  if (folder !== undefined) await rm(folder, { recursive: true });
});

/** A connection through the line, and everything that comes back by it. */
async function dial(): Promise<{
  readonly socket: Socket;
  readonly echoed: () => string;
  readonly isClosed: () => boolean;
}> {
  const [host = '', port] = proxy.near[LINE].split(':');
  const socket = connect({ host, port: Number(port) });
  sockets.push(socket);
  let echoed = '';
  let isClosed = false;
  socket.on('data', (chunk) => {
    echoed += chunk.toString();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    isClosed = true;
  });
  await once(socket, 'connect');
  return { socket, echoed: () => echoed, isClosed: () => isClosed };
}

test('a line takes its time, half of it each way', async () => {
  await lines.delay(LINE, 80);
  const { socket, echoed } = await dial();
  const began = performance.now();
  socket.write('ping');
  await waitFor('the echo', async () => echoed() === 'ping', { ...WAIT, every: 5 });
  expect(performance.now() - began).toBeGreaterThanOrEqual(79);
});

test('a line that is cut silently loses what is sent and ends no connection; healed, it ends those that lost something', async () => {
  const { socket, echoed, isClosed } = await dial();
  socket.write('before');
  await waitFor('the echo', async () => echoed() === 'before', WAIT);
  await lines.cut(LINE, 'silent');
  socket.write('lost');
  const late = await dial();
  late.socket.write('lost, too');
  expect([isClosed(), late.isClosed()]).toEqual([false, false]);
  await lines.heal(LINE);
  await waitFor('both end', async () => isClosed() && late.isClosed(), WAIT);
  expect([echoed(), late.echoed()]).toEqual(['before', '']);
});

test('a line that refuses ends its connections and takes none', async () => {
  const { isClosed } = await dial();
  await lines.cut(LINE, 'refused');
  await waitFor('it ends', async () => isClosed(), WAIT);
  await expect(dial()).rejects.toThrow('ECONNREFUSED');
});

test('a line that was healed passes again, as slow as it was', async () => {
  await lines.delay(LINE, 40);
  await lines.cut(LINE, 'refused');
  await lines.heal(LINE);
  const { socket, echoed } = await dial();
  const began = performance.now();
  socket.write('again');
  await waitFor('the echo', async () => echoed() === 'again', { ...WAIT, every: 5 });
  expect(performance.now() - began).toBeGreaterThanOrEqual(39);
});

test('a line that is not there cannot be cut', async () => {
  await expect(lines.delay('nowhere', 80)).rejects.toThrow('toxiproxy: POST /proxies/nowhere/toxics: 404');
});
