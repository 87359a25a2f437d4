import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Caller } from '../caller.ts';
import type { Fetch, FetchInit } from '../fetch-function.ts';
import { type HeaderBag, readCaller } from '../index.ts';
import { type TestClaims, tokenHeaders } from '../testing.ts';
import { type ServiceClientOptions, serviceClient } from './service-client.ts';
import { workloadTokens } from './workload-tokens.ts';

export const WORKLOAD = 'system:serviceaccount:shop:bucket';
/** Above any time for which a machine stands still. */
const PATIENCE_MS = 60_000;
export const NOW = new Date('2026-01-02T03:04:05Z');

export interface Sent {
  readonly url: string;
  readonly init: FetchInit;
}
export type Answer = (sent: Sent) => Response | Promise<Response>;

/** A token that looks like one, with this text as its payload. */
export function tokenOf(claims: object | string): string {
  const payload = Buffer.from(typeof claims === 'string' ? claims : JSON.stringify(claims)).toString('base64url');
  return `e30.${payload}.c2ln`;
}

/** A caller as a request brings it. */
export function callerOf(claims: Partial<TestClaims> = {}, more: HeaderBag = {}): Caller {
  const user = { id: 'mia', roles: ['member'] };
  return readCaller({ ...tokenHeaders({ aud: 'bucket', user, ...claims }), ...more }, { service: 'bucket' });
}

/** An auth service and a user service behind one `fetch`, with time that stands still, and the workload's token in a file. */
export class World {
  /** Milliseconds. */
  time = 0;
  readonly waits: number[] = [];
  readonly exchanges: URLSearchParams[] = [];
  readonly calls: Sent[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), 'service-client-'));
  readonly tokenFile = join(this.folder, 'token');
  auth: Answer = () => this.issue();
  user: Answer = () => Response.json({ name: 'Mia' });

  constructor() {
    this.rotate(tokenOf({ sub: WORKLOAD }));
  }

  /** The token of the n-th exchange is `issued-n`. */
  issue(expiresIn = 300): Response {
    const token = tokenOf(`issued-${this.exchanges.length}`);
    return Response.json({ access_token: token, token_type: 'Bearer', expires_in: expiresIn });
  }

  rotate(token: string): void {
    writeFileSync(this.tokenFile, `${token}\n`);
  }

  readonly fetch: Fetch = async (url, init) => {
    init.signal.throwIfAborted();
    if (new URL(url).hostname === 'auth') {
      this.exchanges.push(new URLSearchParams(String(init.body)));
      return this.auth({ url, init });
    }
    this.calls.push({ url, init });
    return this.user({ url, init });
  };

  client(options: Partial<ServiceClientOptions> & { maxTokens?: number } = {}) {
    const { maxTokens = 10, ...rest } = options;
    const parts = {
      fetch: this.fetch,
      clock: () => NOW,
      monotonic: () => this.time,
      wait: async (milliseconds: number) => {
        this.waits.push(milliseconds);
        this.time += milliseconds;
      },
    };
    const { tokenFile } = this;
    const tokens = workloadTokens({ ...parts, authUrl: new URL('http://auth'), tokenFile, maxTokens });
    const timeoutMs = PATIENCE_MS;
    return serviceClient('user', { url: new URL('http://user.shop'), tokens, timeoutMs, ...parts, ...rest });
  }

  /** What the calls carried, by the name of the token. */
  sentTokens(): readonly string[] {
    return this.calls.map(({ init }) =>
      Buffer.from(init.headers['authorization']?.split('.')[1] ?? '', 'base64url').toString(),
    );
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}
