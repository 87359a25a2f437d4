import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Addresses } from './addresses.ts';

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

function listen(host: string, port: number): Promise<number> {
  const server = createServer();
  servers.push(server);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

test('a port that is taken is passed over', async () => {
  const taken = await listen('127.0.0.1', 0);
  expect(await new Addresses('/a').port('127.0.0.1', taken)).toBeGreaterThan(taken);
});

test('a port that another program holds on every address is passed over', async () => {
  const taken = await listen('0.0.0.0', 0);
  expect(await new Addresses('/a').port('127.0.0.1', taken)).toBeGreaterThan(taken);
});

test('the same port is not handed out twice, though nobody listens on it yet', async () => {
  const addresses = new Addresses('/a');
  const first = await addresses.port('127.0.0.1', 31_000);
  expect(await addresses.port('127.0.0.1', first)).toBeGreaterThan(first);
});

test('two checkouts get loopback addresses of their own, and each keeps its own', () => {
  expect(new Addresses('/a').host()).toBe(new Addresses('/a').host());
  expect(new Addresses('/a').host()).not.toBe(new Addresses('/b').host());
  expect(new Addresses('/a').host()).toMatch(/^127\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.1$/);
});
