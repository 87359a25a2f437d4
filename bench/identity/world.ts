import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@sekisho/telemetry/testing';
import { createMinter, generateSigningKey, type Minter } from '@sekisho/tokens';
import { HttpClient } from '../http.ts';
import type { Call } from '../load.ts';
import { HEAP_PROBE, ServerProcess } from '../server-process.ts';
import { type Framework, PERMISSION, SERVICE } from './applications.ts';
import type { ServerOrder, Variant } from './server-order.ts';

const ISSUER = 'https://auth.example';
const TOKENS = 1_000;

type RequestHeaders = Readonly<Record<string, string>>;

/** A framework's process, and a request to each of its applications. */
export interface Application {
  readonly server: ServerProcess;
  readonly calls: Readonly<Record<Variant, Call>>;
}

export interface World {
  start(framework: Framework): Promise<Application>;
}

/** Every request has the next of a thousand users' tokens, with the headers that the service's Envoy adds to it. */
export async function createWorld(opened: AsyncDisposableStack): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'sekisho-bench-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const key = await generateSigningKey();
  const minter = createMinter({ issuer: ISSUER, key: () => key, clock: () => new Date(), uuid: randomUUID });
  const headers = await Promise.all(Array.from({ length: TOKENS }, async () => headersOf(await token(minter))));
  return {
    async start(framework) {
      const ports = { bare: await freePort(), identity: await freePort(), verified: await freePort() };
      const order: ServerOrder = { framework, ports, issuers: { [ISSUER]: { keys: [{ ...key.publicJwk }] } } };
      const server = await start(order, folder);
      opened.defer(() => server.stop());
      const call = (variant: Variant) => caller(ports[variant], headers, opened);
      return { server, calls: { bare: call('bare'), identity: call('identity'), verified: call('verified') } };
    },
  };
}

async function token({ access }: Minter): Promise<string> {
  const id = randomUUID();
  const minted = await access({
    subject: id,
    clientId: 'web',
    audience: [SERVICE],
    user: { id, email: 'alice@example.org', roles: ['member', 'admin'], permissions: ['profile:read'] },
    services: { [SERVICE]: { permissions: [PERMISSION, 'bucket:write'] } },
    session: { id: randomUUID(), device: 'd'.repeat(43), ip: '192.0.2.1' },
    // Longer than the bench takes.
    lifetimeSeconds: 3_600,
  });
  return minted.token;
}

function headersOf(text: string): RequestHeaders {
  return {
    authorization: `Bearer ${text}`,
    'x-jwt-payload': text.split('.')[1] ?? '',
    'x-forwarded-client-cert':
      'By=spiffe://cluster.local/ns/shop/sa/bucket;Hash=0a1b;Subject="";URI=spiffe://cluster.local/ns/istio-ingress/sa/public',
    'x-request-id': randomUUID(),
  };
}

async function start(order: ServerOrder, folder: string): Promise<ServerProcess> {
  const url = `http://127.0.0.1:${order.ports.bare}`;
  return ServerProcess.start({
    main: join(import.meta.dirname, 'server.ts'),
    args: [JSON.stringify(order)],
    nodeArgs: HEAP_PROBE,
    env: { NODE_ENV: 'production' },
    ...{ url, readyUrl: url, log: join(folder, `${order.framework}.log`) },
  });
}

function caller(port: number, headers: readonly RequestHeaders[], opened: AsyncDisposableStack): Call {
  const http = new HttpClient(`http://127.0.0.1:${port}`);
  opened.defer(() => http.close());
  let next = 0;
  return () => {
    next = (next + 1) % headers.length;
    return http.send({ method: 'GET', path: '/', headers: headers[next] ?? {} });
  };
}
