import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { wasReset } from './tunnel.ts';

export type Dial = () => Promise<Duplex>;

export interface LocalAddress {
  /** @default 127.0.0.1 */
  readonly host?: string;
  /** @default one that the system gives */
  readonly port?: number;
}

export interface Forward extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

/** Listens on loopback, and carries each connection to one that `dial` makes. */
export async function forward(dial: Dial, { host = '127.0.0.1', port = 0 }: LocalAddress = {}): Promise<Forward> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    dial().then(
      (remote) => carry(socket, remote),
      (error: unknown) => tell(socket, error),
    );
  });
  server.listen({ host, port });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  const close = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
  };
  return { host, port: address.port, [Symbol.asyncDispose]: close };
}

/** Both ways; a reset on one side becomes one on the other, for tests tell a connection that was cut from one that ended. */
export function carry(local: Socket, remote: Duplex): void {
  if (local.destroyed) return void remote.destroy();
  local.pipe(remote);
  remote.pipe(local, { end: false });
  remote.once('end', () => (wasReset(remote) ? local.resetAndDestroy() : local.end()));
  remote.on('error', () => local.resetAndDestroy());
  remote.once('close', () => {
    if (!local.writableEnded) local.resetAndDestroy();
  });
  local.once('close', () => remote.destroy());
}

/** A connection that was taken already cannot be refused any more, and must not look as if the other side had cut it. */
function tell(socket: Socket, error: unknown): void {
  socket.end(`not connected: ${error instanceof Error ? error.message : String(error)}\n`);
  socket.destroySoon();
}
