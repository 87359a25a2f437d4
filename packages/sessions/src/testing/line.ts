import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface Line {
  /** Leads to the server through the line. */
  readonly url: string;
  /** Milliseconds that each byte takes, in each direction. */
  delayMs: number;
  /** Every connection is reset, and none is taken. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** Nothing passes, and nobody is told; until it is thawed, when all of it comes. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/** A line to a server that is as long, and fails, as it is told. @param url of one server */
export async function startLine(url: string, delayMs = 0): Promise<Line> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const carry = (from: Socket, to: Socket) => {
    sockets.add(from);
    if (isFrozen) from.pause();
    from.on('data', (chunk) => {
      // Timers of one length end in the order in which they began.
      if (line.delayMs === 0) to.write(chunk);
      else setTimeout(() => to.write(chunk), line.delayMs);
    });
    from.on('error', () => undefined); // `close` follows
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((client) => {
    const upstream = connect({ host: target.hostname, port: Number(target.port) });
    carry(client, upstream);
    carry(upstream, client);
  });
  const listen = async (port: number) => {
    server.listen(port, HOST);
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };
  const port = await listen(0);
  const through = new URL(url);
  through.hostname = HOST;
  through.port = String(port);
  const setFrozen = (value: boolean) => {
    isFrozen = value;
    for (const socket of sockets) value ? socket.pause() : socket.resume();
  };
  const line: Line = {
    url: through.href,
    delayMs,
    async cut() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    mend: async () => void (await listen(port)),
    freeze: () => setFrozen(true),
    thaw: () => setFrozen(false),
    close: () => line.cut(),
  };
  return line;
}
