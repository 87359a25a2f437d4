import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';

const WINDOW = 1 << 20;
const OPENING_MS = 60_000;

const resets = new WeakSet<Duplex>();

/** Whether a connection that ended was reset at the other end. */
export function wasReset(connection: Duplex): boolean {
  return resets.has(connection);
}

/** The other end of `relay.ts`: connections from where its pod is. Opened when it is needed, and again when it broke. */
export class Tunnel implements AsyncDisposable {
  readonly #dial: () => Promise<Duplex>;
  #session: Promise<ClientHttp2Session> | undefined;

  /** @param dial connects to the relay's port on its pod's loopback interface */
  constructor(dial: () => Promise<Duplex>) {
    this.#dial = dial;
  }

  /** A TCP connection out of the pod. @throws Error with the reason that the relay gives, for example ECONNREFUSED */
  connect(host: string, port: number): Promise<Duplex> {
    return this.#open({ ':method': 'CONNECT', ':authority': `${host}:${port}` });
  }

  /** Has the pod listen on a port and hands over each connection, from when the promise is kept until the tunnel is closed. */
  async accept(port: number, take: (connection: Duplex) => void): Promise<void> {
    const announcements = await this.#open({ ':path': `/accept/${port}` }, { endStream: true });
    announcements.on('error', () => announcements.close());
    createInterface(announcements).on('line', (number) => {
      // Whoever connected and is gone already is nobody's loss.
      this.#open({ ':method': 'POST', ':path': `/accepted/${number}` }).then(take, () => undefined);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    session?.destroy();
  }

  async #open(
    head: Readonly<Record<string, string>>,
    options: { readonly endStream?: boolean } = {},
  ): Promise<ClientHttp2Stream> {
    const session = await this.#connected();
    const stream = session.request(head, { endStream: false, ...options });
    stream.setTimeout(OPENING_MS, () => stream.destroy(new Error('the relay does not answer')));
    const lost = once(stream, 'close').then(() => Promise.reject(new Error('the way to the relay is lost')));
    lost.catch(() => undefined);
    const [{ ':status': status }] = await Promise.race([once(stream, 'response'), lost]);
    stream.setTimeout(0);
    stream.once('trailers', ({ end }) => end === 'reset' && resets.add(stream));
    if (status === 200) return stream;
    stream.setEncoding('latin1');
    const reason = (await stream.toArray()).join('');
    throw new Error(`${head[':authority'] ?? head[':path']}: ${reason || status}`);
  }

  #connected(): Promise<ClientHttp2Session> {
    this.#session ??= this.#start().catch((error: unknown) => {
      this.#session = undefined;
      throw error;
    });
    return this.#session;
  }

  async #start(): Promise<ClientHttp2Session> {
    const carrier = await this.#dial();
    const session = connect('http://relay', {
      createConnection: () => carrier,
      settings: { initialWindowSize: WINDOW, enablePush: false },
      peerMaxConcurrentStreams: constants.DEFAULT_SETTINGS_MAX_FRAME_SIZE,
      maxSessionMemory: 256,
    });
    session.on('error', () => session.destroy());
    session.once('close', () => {
      this.#session = undefined;
      carrier.destroy();
    });
    return session;
  }
}
