import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { publicJwk } from './keys.ts';

type Key = ReturnType<typeof publicJwk>;

/** Publishes a key set, as an issuer does. */
export class KeyServer {
  keys: readonly Key[];
  /** What it answers instead of the keys. */
  failure: number | undefined;
  requests = 0;
  readonly #server: Server;

  private constructor(keys: readonly Key[]) {
    this.keys = keys;
    this.#server = createServer((_, response) => {
      this.requests += 1;
      if (this.failure !== undefined) response.writeHead(this.failure).end();
      else response.end(JSON.stringify({ keys: this.keys }));
    });
  }

  static async start(...keys: readonly Key[]): Promise<KeyServer> {
    const started = new KeyServer(keys);
    started.#server.listen(0, '127.0.0.1');
    await once(started.#server, 'listening');
    return started;
  }

  get uri(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks.json`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
