import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Identified } from '@sekisho/policy';

const LISTENERS = 'type.googleapis.com/envoy.config.listener.v3.Listener';

interface Connection {
  readonly sent: string;
  readonly acked: string;
  readonly lastError?: string;
}

/** One replica of istiod: its own objects, and its own proxies. Strict: any request but the two expected ones is an error. */
export class FakeIstiod {
  readonly #server: Server;
  readonly #connections = new Map<string, Connection>();
  readonly unexpected: string[] = [];
  /** Paths in the order in which they were asked for. */
  asked: string[] = [];
  objects: readonly Identified[] = [];
  /** Answers this instead, whatever is asked for. */
  failing: number | 'hangs' | 'cut' | 'other' | undefined;
  /** The token that it demands, if any. */
  token: string | undefined;
  #push = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      this.asked.push(request.url ?? '');
      if (this.failing === 'hangs') return;
      const body = this.#answer(new URL(request.url ?? '', 'http://istiod'));
      const denied = this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`;
      if (denied) response.writeHead(401).end();
      else if (typeof this.failing === 'number') response.writeHead(this.failing).end();
      else
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(this.failing === 'cut' ? body.slice(0, -3) : body);
    });
  }

  static async start(): Promise<FakeIstiod> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FakeIstiod(server);
  }

  get replica() {
    const { port } = this.#server.address() as AddressInfo;
    return { name: `istiod-${port}`, url: `http://127.0.0.1:${port}` };
  }

  /** Sends a proxy listeners that were made at this time, which it acknowledges unless told otherwise. */
  push(id: string, madeAt: Date, answer: 'ack' | 'none' | { readonly nack: string } = 'ack'): void {
    this.#push += 1;
    const sent = `${madeAt.toISOString().slice(0, 19)}Z/${this.#push}5c1e7d5e-6a0f-4f3a-9a55-000000000000`;
    const before = this.#connections.get(id);
    const acked = answer === 'ack' ? sent : (before?.acked ?? '');
    const lastError = typeof answer === 'object' ? { lastError: answer.nack } : {};
    this.#connections.set(id, { sent, acked, ...lastError });
  }

  disconnect(id: string): void {
    this.#connections.delete(id);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer({ pathname }: URL): string {
    if (this.failing === 'other') return JSON.stringify([{ node: 'x' }]);
    if (pathname === '/debug/configz') return JSON.stringify([{ kind: 'Sidecar', metadata: {} }, ...this.objects]);
    if (pathname === '/debug/syncz') {
      return JSON.stringify(
        [...this.#connections].map(([proxy, { sent, acked, lastError }]) => ({
          proxy,
          cluster_id: 'Kubernetes',
          listener_sent: sent,
          listener_acked: acked,
          resources: { [LISTENERS]: { sent, acked, lastError } },
        })),
      );
    }
    this.unexpected.push(pathname);
    return '[]';
  }
}
