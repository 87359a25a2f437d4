import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Line, startLine } from '@sekisho/telemetry/testing';
import { BROWSER_COOKIE, generateSigningKey, toJwks } from '@sekisho/tokens';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { parse } from 'yaml';
import { FakeAuth } from './testing/fake-auth.ts';
import { GuardProcess } from './testing/guard-process.ts';
import { edgePolicy, gateway, issuer, policy, route, service } from './testing/objects.ts';
import { openPrivateCluster, type PrivateCluster } from './testing/private-cluster.ts';

const ISSUER = 'https://auth.example';
const WAIT = { timeout: 120_000, interval: 50 };
const accessKey = await generateSigningKey();
const folder = await mkdtemp(join(tmpdir(), 'guard-main-'));
const keyFile = join(folder, 'key');
const tokenFile = join(folder, 'token');
const kubeconfig = join(folder, 'kubeconfig');
const redis = await startLine(inject('redisUrl'));

let api: PrivateCluster;
let apiServer: Line;
let auth: FakeAuth;
const authServer = createServer((asked, response) => {
  // Also where a guard was killed in the middle of its question.
  forward(asked, response).catch(() => response.destroy());
});
let guards: GuardProcess[];
let askedOfAuth: string[];

beforeAll(async () => {
  api = await openPrivateCluster();
  await api.apply([
    ...['shop', 'istio-ingress'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    ...[gateway(), edgePolicy(), policy('bucket'), service('bucket')],
    route({ hostnames: ['bucket.example'], rules: [{ backendRefs: [{ name: 'bucket', port: 80 }] }] }),
    issuer('platform', { issuer: ISSUER, jwks: toJwks([accessKey]), default: true }),
  ]);
  const config: { clusters: { cluster: { server: string } }[] } = parse(await readFile(api.kubeconfig, 'utf8'));
  const [first] = config.clusters;
  if (first === undefined) throw new Error('the kubeconfig names no cluster');
  apiServer = await startLine(first.cluster.server);
  first.cluster.server = apiServer.url;
  await writeFile(kubeconfig, JSON.stringify(config));
  await writeFile(keyFile, randomBytes(32).toString('base64'));
  authServer.listen(0, '127.0.0.1');
  await once(authServer, 'listening');
}, 300_000);

beforeEach(async () => {
  guards = [];
  askedOfAuth = [];
  auth = new FakeAuth(accessKey);
  await writeFile(tokenFile, auth.token);
});

afterEach(async () => {
  await Promise.all(guards.map((one) => one.kill()));
  for (const line of [redis, apiServer]) {
    line.thaw();
    await line.cut();
    await line.mend();
  }
}, 300_000);

afterAll(async () => {
  await Promise.all([redis.close(), apiServer?.close()]);
  authServer.closeAllConnections();
  authServer.close();
  await api?.close();
  await rm(folder, { recursive: true, force: true });
}, 300_000);

async function forward(asked: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of asked) body += String(chunk);
  const { method = 'GET', url = '/', headers } = asked;
  askedOfAuth.push(url);
  // Left open: nobody answers any more, and nobody says so.
  if (auth.trouble === 'away') return;
  const sent = { method, headers: { authorization: headers.authorization ?? '' }, ...(body !== '' && { body }) };
  const answer = await auth.fetch(`http://auth${url}`, sent);
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
}

function start(more: Readonly<Record<string, string>> = {}): GuardProcess {
  const guard = new GuardProcess({
    GUARD_LISTEN: '127.0.0.1:0',
    GUARD_OPS_LISTEN: '127.0.0.1:0',
    AUTH_ISSUER: ISSUER,
    AUTH_URL: `http://127.0.0.1:${(authServer.address() as AddressInfo).port}`,
    WORKLOAD_TOKEN_FILE: tokenFile,
    KEY_ENCRYPTION_KEY_FILE: keyFile,
    REDIS_URL: redis.url,
    KUBECONFIG: kubeconfig,
    ...more,
  });
  guards.push(guard);
  return guard;
}

/** Of the answer to a question about a public path; undefined when the connection ends without one. */
async function statusOf(port: number, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  const question = request({ host: '127.0.0.1', port, path: '/edge/healthz', headers }).end();
  try {
    const [response]: IncomingMessage[] = await once(question, 'response');
    return response?.resume().statusCode;
  } catch {
    return undefined;
  }
}

/** The code of the error with which a connection fails; undefined for one that is taken. */
async function refusedBy(port: number): Promise<unknown> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return undefined;
  } catch (error) {
    return Object(error).code;
  } finally {
    socket.destroy();
  }
}

describe('the process', () => {
  test('is ready once it knows routes, revocations and keys, whichever comes last', async () => {
    await Promise.all([redis.cut(), apiServer.cut()]);
    auth.trouble = { status: 503, text: '{}' };
    const guard = start();
    await guard.failing('keys', 'revocations', 'routes');
    await apiServer.mend();
    await guard.failing('keys', 'revocations');
    await redis.mend();
    await guard.failing('keys');
    auth.trouble = undefined;
    await guard.failing();
  }, 600_000);

  test('answers on SIGTERM what is being asked, takes nothing more, and exits 0', async () => {
    const guard = start();
    await guard.failing();
    const { check } = await guard.listening();
    // Nobody says what the cookie stands for, so the question is open.
    auth.trouble = 'away';
    const cookie = `${BROWSER_COOKIE}=skb_somebody`;
    const status = statusOf(check.port, { host: 'bucket.example', cookie });
    await vi.waitFor(() => expect(askedOfAuth).toContain('/v1/browser-sessions/token'), WAIT);
    guard.stop();
    await vi.waitFor(async () => expect(await refusedBy(check.port)).toBe('ECONNREFUSED'), WAIT);
    // Long before the guard would give up, or cut who asked.
    authServer.closeAllConnections();
    expect(await status).toBe(200);
    expect(await guard.exited).toEqual([0, null]);
    expect(guard.stdout).toContain('"clean":true');
    expect(guard.stderr).toBe('');
  }, 600_000);

  test('ends on SIGTERM although nothing that it depends on answers any more', async () => {
    const guard = start();
    await guard.failing();
    redis.freeze();
    apiServer.freeze();
    auth.trouble = 'away';
    guard.stop();
    expect(await guard.exited).toEqual([0, null]);
    expect(guard.stdout).toContain('"clean":true');
  }, 600_000);

  test('exits 1 without a stack, naming what is wrong with the environment', async () => {
    const guard = start({ REDIS_URL: 'hunter2', AUTH_ISSUER: '' });
    expect(await guard.exited).toEqual([1, null]);
    expect(guard.stderr).toContain('AUTH_ISSUER is not set');
    expect(guard.stderr).toContain('REDIS_URL');
    expect(guard.stderr).not.toContain('hunter2');
    expect(guard.stderr).not.toContain('    at ');
  }, 600_000);

  test('exits 1 without a stack when its encryption key is none', async () => {
    const wrong = join(folder, 'wrong');
    await writeFile(wrong, 'hunter2');
    const guard = start({ KEY_ENCRYPTION_KEY_FILE: wrong });
    expect(await guard.exited).toEqual([1, null]);
    expect(guard.stderr).toContain('KEY_ENCRYPTION_KEY_FILE');
    expect(guard.stderr).not.toContain('hunter2');
    expect(guard.stderr).not.toContain('    at ');
  }, 600_000);
});
