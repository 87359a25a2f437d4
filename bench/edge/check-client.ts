import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const ALLOWED = Buffer.from('HTTP/1.1 200 ');
const END_OF_HEAD = Buffer.from('\r\n\r\n');

const MAX_TOLD = 2_000;
/**
 * As many calls as wait could be answered at once. A connection for each that waits, after a stall of 100 ms hundreds, would be more than a
 * listening socket queues, and the kernel tries one that was dropped again after a second: that is no answer's time.
 */
const CONNECTIONS = 64;

/** A place for a connection, which is opened when it is first used, and again when it was closed. */
interface Lane {
  connection: Connection | undefined;
}

/**
 * Asks as Envoy does, on connections that stay open. It reads of an answer only that it is 200 and where it ends, for what the load
 * spends is taken from the server on a small machine.
 */
export class CheckClient {
  readonly #port: number;
  readonly #idle: Lane[] = Array.from({ length: CONNECTIONS }, () => ({ connection: undefined }));
  readonly #lanes: readonly Lane[] = [...this.#idle];
  /** Calls that found no idle lane, in order. */
  readonly #waiting: ((lane: Lane) => void)[] = [];

  constructor(url: string) {
    this.#port = Number(new URL(url).port);
  }

  /** Rejects unless the answer is a 200 without a body. */
  async ask(question: Buffer): Promise<void> {
    const lane = this.#idle.pop() ?? (await new Promise<Lane>((resolve) => this.#waiting.push(resolve)));
    try {
      if (lane.connection === undefined || lane.connection.isClosed) lane.connection = await this.#open();
      await lane.connection.ask(question);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(lane);
      else next(lane);
    }
  }

  close(): void {
    for (const { connection } of this.#lanes) connection?.close();
  }

  async #open(): Promise<Connection> {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
    await once(socket, 'connect');
    return new Connection(socket);
  }
}

class Connection {
  readonly #socket: Socket;
  #read: Buffer = Buffer.alloc(0);
  #answer: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#answer.reject(error));
    socket.on('close', () => this.#answer.reject(new Error('the server closed a connection')));
    this.#answer.promise.catch(() => undefined);
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  ask(question: Buffer): Promise<void> {
    this.#answer = Promise.withResolvers();
    this.#read = Buffer.alloc(0);
    this.#socket.write(question);
    return this.#answer.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#read = this.#read.length === 0 ? chunk : Buffer.concat([this.#read, chunk]);
    if (this.#read.indexOf(END_OF_HEAD) === -1) return;
    const isAllowed = this.#read.subarray(0, ALLOWED.length).equals(ALLOWED);
    if (isAllowed && this.#read.indexOf(END_OF_HEAD) === this.#read.length - END_OF_HEAD.length) this.#answer.resolve();
    else this.#socket.destroy(new Error(`the answer was ${this.#read.toString('latin1').slice(0, MAX_TOLD)}`));
  }
}
