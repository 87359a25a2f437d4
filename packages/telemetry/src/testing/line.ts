import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { listen } from '../listen.ts';

export interface Line {
  /** Leads to the server through the line. */
  readonly url: string;
  /** Milliseconds that each byte takes, in each direction. */
  delayMs: number;
  /** Every connection is reset; who connects again finds the line whole. */
  reset(): void;
  /** Every connection ends, and none is taken. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** Nothing passes, and nobody is told; until it is thawed, when all of it comes. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
/** How long somebody else may have the port that was given up. */
const TAKEN_MS = 60_000;

/** A line to a server that is as long, and fails, as it is told. @param url of one server, with its port */
export async function startLine(url: string, delayMs = 0): Promise<Line> {
  const target = new URL(url);
  const traffic = new Traffic(() => line.delayMs);
  const server = createServer((client) => {
    const upstream = connect({ host: target.hostname, port: Number(target.port) });
    traffic.carry(client, upstream);
    traffic.carry(upstream, client);
  });
  const { port } = await listen(server, { host: HOST, port: 0 });
  const through = new URL(url);
  through.hostname = HOST;
  through.port = String(port);
  const line: Line = {
    url: through.href,
    delayMs,
    reset() {
      for (const socket of traffic.sockets) socket.resetAndDestroy();
    },
    async cut() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of traffic.sockets) socket.destroy();
      await closed;
    },
    mend: () => listenAgain(server, port),
    freeze: () => traffic.setFrozen(true),
    thaw: () => traffic.setFrozen(false),
    close: () => line.cut(),
  };
  return line;
}

/** On the port of before: what the machine gave to somebody else meanwhile mostly is a connection that ends soon. */
async function listenAgain(server: Server, port: number): Promise<void> {
  const end = performance.now() + TAKEN_MS;
  for (;;) {
    try {
      await listen(server, { host: HOST, port });
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await delay(100);
    }
  }
}

/** What passes, and when. */
class Traffic {
  /** Both ends of each connection. */
  readonly sockets = new Set<Socket>();
  readonly #delayMs: () => number;
  #isFrozen = false;

  constructor(delayMs: () => number) {
    this.#delayMs = delayMs;
  }

  carry(from: Socket, to: Socket): void {
    this.sockets.add(from);
    if (this.#isFrozen) from.pause();
    from.on('data', (chunk) => {
      const delayMs = this.#delayMs();
      // Timers of one length end in the order in which they began.
      if (delayMs === 0) to.write(chunk);
      else setTimeout(() => to.write(chunk), delayMs);
    });
    from.on('error', () => undefined); // `close` follows
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
  }

  setFrozen(isFrozen: boolean): void {
    this.#isFrozen = isFrozen;
    for (const socket of this.sockets) isFrozen ? socket.pause() : socket.resume();
  }
}
