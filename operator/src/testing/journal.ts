import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { parse } from 'yaml';

/** What an API server saw of one replica. `lease`: it took or renewed the Lease; the others are everything else that is no read. */
export interface Entry {
  readonly replica: string;
  readonly what: 'lease' | 'release' | 'write';
  readonly path: string;
}

export interface Upstream {
  readonly server: string;
  readonly ca: string;
  readonly token: string;
}

/** The server and the credentials of an admin's kubeconfig. */
export async function upstreamOf(kubeconfig: string): Promise<Upstream> {
  const { clusters, users } = parse(await readFile(kubeconfig, 'utf8'));
  const { server, 'certificate-authority': ca } = clusters[0].cluster;
  return { server, ca: await readFile(ca, 'utf8'), token: users[0].user.token };
}

const LEASE = /\/leases(\/|\?|$)/;

/**
 * Stands before the API server, one port for each replica, and writes down in one order who did what. A lease counts when its
 * answer passes, a write when it arrives: so a write that is listed after another replica's lease came too late.
 */
export class Journal {
  readonly entries: Entry[] = [];
  /** Replicas whose claims of the Lease are answered 500. */
  readonly refused = new Set<string>();
  /** Called when a write arrives, before it is passed on. */
  onWrite: (path: string) => void = () => undefined;
  readonly #upstream: Upstream;
  readonly #agent: Agent;
  readonly #servers: Server[] = [];

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
    this.#agent = new Agent({ keepAlive: true, ca: upstream.ca });
  }

  /** The address at which this replica finds its API server. */
  async door(replica: string): Promise<string> {
    const server = createServer((call, answer) => this.#pass(replica, call, answer));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#servers.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** The replica that holds the Lease. */
  get holder(): string | undefined {
    const last = this.entries.findLast(({ what }) => what !== 'write');
    return last?.what === 'lease' ? last.replica : undefined;
  }

  writesOf(replica: string): readonly Entry[] {
    return this.entries.filter((entry) => entry.what === 'write' && entry.replica === replica);
  }

  /** Writes that arrived while another replica, or nobody, held the Lease. */
  get strayWrites(): readonly Entry[] {
    let holder: string | undefined;
    return this.entries.filter(({ what, replica }) => {
      if (what === 'write') return replica !== holder;
      holder = what === 'lease' ? replica : undefined;
      return false;
    });
  }

  /** Writes of a replica after this many entries, up to its next claim: of one that was frozen, those that it had left behind. */
  writesBeforeClaim(replica: string, from: number): readonly Entry[] {
    const later = this.entries.slice(from).filter((entry) => entry.replica === replica);
    const claim = later.findIndex(({ what }) => what === 'lease');
    return later.slice(0, claim < 0 ? undefined : claim).filter(({ what }) => what === 'write');
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
  }

  #pass(replica: string, call: IncomingMessage, answer: ServerResponse): void {
    const { method = 'GET', url: path = '/', headers } = call;
    const claims = method !== 'GET' && LEASE.test(path);
    if (claims && this.refused.has(replica)) {
      answer.writeHead(500).end();
      return;
    }
    if (method !== 'GET' && !claims) {
      this.#note(replica, 'write', `${method} ${path}`);
      this.onWrite(path);
    }
    const { server, token } = this.#upstream;
    const forwarded = { ...headers, host: new URL(server).host, authorization: `Bearer ${token}` };
    const upstream = request(new URL(path, server), { method, headers: forwarded, agent: this.#agent });
    upstream.on('response', (response) => {
      // Killed in the middle of its answer.
      if (claims) this.#passClaim(replica, path, response, answer).catch(() => answer.destroy());
      else response.pipe(answer.writeHead(response.statusCode ?? 502, response.headers));
    });
    // Either side is killed on purpose in these tests; the other side then ends, too.
    upstream.on('error', () => answer.destroy());
    answer.on('close', () => upstream.destroy());
    call.pipe(upstream);
  }

  async #passClaim(replica: string, path: string, response: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (response.statusCode === 200 || response.statusCode === 201) {
      const { spec } = JSON.parse(body.toString('utf8')) as { spec: { holderIdentity?: string } };
      this.#note(replica, spec.holderIdentity === undefined ? 'release' : 'lease', path);
    }
    answer.writeHead(response.statusCode ?? 502, response.headers).end(body);
  }

  #note(replica: string, what: Entry['what'], path: string): void {
    this.entries.push({ replica, what, path });
  }
}
