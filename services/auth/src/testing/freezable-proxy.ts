import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface FreezableProxy {
  readonly port: number;
  /** Bytes stay where they are and no connection is refused: a server that hangs. */
  freeze(): void;
  thaw(): void;
  /** Every connection is reset and none is taken: a server that is dead. */
  kill(): Promise<void>;
  revive(): Promise<void>;
  close(): Promise<void>;
}

/** A proxy before the server of a URL, and the URL that leads through it. */
export async function startProxyFor(url: string): Promise<{ readonly proxy: FreezableProxy; readonly url: string }> {
  const through = new URL(url);
  const proxy = await startFreezableProxy({ host: through.hostname, port: Number(through.port) });
  through.hostname = '127.0.0.1';
  through.port = String(proxy.port);
  return { proxy, url: through.href };
}

/** A TCP proxy on 127.0.0.1 that fails on demand. */
export async function startFreezableProxy(target: { host: string; port: number }): Promise<FreezableProxy> {
  const sockets = new Set<Socket>();
  let frozen = false;
  const pipe = (from: Socket, to: Socket) => {
    sockets.add(from);
    if (frozen) from.pause();
    from.on('data', (chunk) => to.write(chunk));
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((client) => {
    const upstream = connect(target);
    pipe(client, upstream);
    pipe(upstream, client);
  });
  const listen = async (at: number) => {
    server.listen(at, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };
  const port = await listen(0);
  const kill = async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const setFrozen = (value: boolean) => {
    frozen = value;
    for (const socket of sockets) value ? socket.pause() : socket.resume();
  };
  return {
    port,
    freeze: () => setFrozen(true),
    thaw: () => setFrozen(false),
    kill,
    revive: async () => void (await listen(port)),
    close: async () => {
      if (server.listening) await kill();
    },
  };
}
