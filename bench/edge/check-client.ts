import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const ALLOWED = Buffer.from('HTTP/1.1 200 ');
const END_OF_HEAD = Buffer.from('\r\n\r\n');

const MAX_TOLD = 2_000;

/**
 * Asks as Envoy does, on connections that stay open. It reads of an answer only that it is 200 and where it ends, for what the load
 * spends is taken from the server on a small machine.
 */
export class CheckClient {
  readonly #port: number;
  readonly #free: Connection[] = [];
  readonly #all: Connection[] = [];

  constructor(url: string) {
    this.#port = Number(new URL(url).port);
  }

  /** Rejects unless the answer is a 200 without a body. */
  async ask(question: Buffer): Promise<void> {
    let connection = this.#free.pop();
    while (connection?.isClosed === true) connection = this.#free.pop();
    connection ??= await this.#open();
    await connection.ask(question);
    this.#free.push(connection);
  }

  close(): void {
    for (const connection of this.#all) connection.close();
  }

  async #open(): Promise<Connection> {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
    await once(socket, 'connect');
    const connection = new Connection(socket);
    this.#all.push(connection);
    return connection;
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
