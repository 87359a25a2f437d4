import { once } from 'node:events';
import { createServer } from 'node:net';
import { listen } from '../listen.ts';

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  const closed = once(server, 'close');
  server.close();
  await closed;
  return port;
}
