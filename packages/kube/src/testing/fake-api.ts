import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A request as the fake saw it. `path` has its query sorted, without the random `timeoutSeconds` of a watch. */
export interface SeenCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** An open answer that the test feeds. */
export interface OpenStream {
  send(...events: readonly unknown[]): void;
  raw(bytes: string | Uint8Array): void;
  end(): void;
  /** Cuts the connection as a crashed server does. */
  reset(): void;
}

type Answer = (response: ServerResponse, call: SeenCall) => void;

interface Expectation {
  readonly method: string;
  readonly path: string;
  readonly answer: Answer;
  readonly seen: (call: SeenCall) => void;
}

/**
 * A strict API server: each call must have been announced, each announced call must come. `verify` throws on the
 * first difference, and an unannounced call is answered 501 so that the caller fails at once.
 */
export class FakeApi {
  readonly #server: Server;
  readonly #folder: string;
  readonly #expected: Expectation[] = [];
  readonly #allowed: Expectation[] = [];
  readonly #unexpected: string[] = [];
  readonly calls: SeenCall[] = [];
  /** TCP connections accepted so far. */
  connections = 0;

  private constructor(server: Server, folder: string) {
    this.#server = server;
    this.#folder = folder;
    server.on('connection', () => {
      this.connections += 1;
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response));
  }

  static async start(): Promise<FakeApi> {
    const server = createServer({ keepAliveTimeout: 30_000 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const api = new FakeApi(server, await mkdtemp(join(tmpdir(), 'fake-api-')));
    await writeFile(api.kubeconfig, kubeconfigOf(api.url, 'fake-token'));
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get kubeconfig(): string {
    return join(this.#folder, 'kubeconfig');
  }

  /** Announces one call; resolves with it when it came. */
  expect(method: string, path: string, answer: Answer): Promise<SeenCall> {
    return new Promise((seen) => this.#expected.push({ method, path: normalize(path), answer, seen }));
  }

  /** Lets a call come any number of times, also none. */
  allow(method: string, path: string, answer: Answer): void {
    this.#allowed.push({ method, path: normalize(path), answer, seen: () => undefined });
  }

  /** Announces one call that is answered with JSON. */
  reply(method: string, path: string, status: number, body: unknown, headers: Record<string, string> = {}) {
    return this.expect(method, path, (response) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    });
  }

  /** Announces one call whose answer stays open; resolves with the stream when the call came. */
  stream(method: string, path: string): Promise<OpenStream> {
    return new Promise((resolve) => {
      void this.expect(method, path, (response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
        resolve(openStream(response));
      });
    });
  }

  /** Announced calls that did not come yet. */
  get pending(): number {
    return this.#expected.length;
  }

  /** Throws unless exactly the announced calls came. */
  verify(): void {
    const missing = this.#expected.map(({ method, path }) => `missing: ${method} ${path}`);
    const problems = [...this.#unexpected.map((call) => `unexpected: ${call}`), ...missing];
    if (problems.length > 0) throw new Error(problems.join('\n'));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await rm(this.#folder, { recursive: true });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = await seenCall(request);
    this.calls.push(call);
    const expectation = this.#take(call);
    if (expectation === undefined) {
      this.#unexpected.push(`${call.method} ${call.path}`);
      response.writeHead(501).end();
      return;
    }
    expectation.answer(response, call);
    expectation.seen(call);
  }

  #take(call: SeenCall): Expectation | undefined {
    const matches = ({ method, path }: Expectation) => method === call.method && path === call.path;
    const at = this.#expected.findIndex(matches);
    return at < 0 ? this.#allowed.find(matches) : this.#expected.splice(at, 1)[0];
  }
}

async function seenCall(request: IncomingMessage): Promise<SeenCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  return { method: request.method ?? '', path: normalize(request.url ?? ''), headers: request.headers, body };
}

function normalize(path: string): string {
  const url = new URL(path, 'http://fake');
  url.searchParams.delete('timeoutSeconds');
  url.searchParams.sort();
  return url.pathname + url.search;
}

function openStream(response: ServerResponse): OpenStream {
  return {
    send: (...events) => response.write(events.map((event) => `${JSON.stringify(event)}\n`).join('')),
    raw: (bytes) => response.write(bytes),
    end: () => response.end(),
    reset: () => response.socket?.resetAndDestroy(),
  };
}

/** A kubeconfig for a server without TLS. */
export function kubeconfigOf(server: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'fake',
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
    clusters: [{ name: 'fake', cluster: { server } }],
    users: [{ name: 'fake', user: { token } }],
  });
}
