import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { bundlePart } from './bundle.ts';
import { PARTS } from './parts.ts';
import { PartProcess } from './testing/part-process.ts';
import { unpack } from './testing/tree.ts';

// A process starts in a second, and in half a minute beside other work; the embedded database takes longest.
vi.setConfig({ testTimeout: 300_000 });

const ROOT = join(import.meta.dirname, '../..');
const ADMIN = { email: 'admin@example.org', password: randomBytes(18).toString('base64url') };

/** Outside of the repository: what a bundle does not bring along is not found. */
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bundles-'));
  await writeFile(join(folder, 'key'), randomBytes(32).toString('base64'));
  await writeFile(join(folder, 'token'), 'not-a-token');
  await writeFile(join(folder, 'password'), ADMIN.password);
  for (const part of PARTS) {
    await bundlePart(part, { root: ROOT, target: join(folder, 'dist') });
    await unpack(join(folder, 'dist', part.name), join(folder, part.name));
  }
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const start = (part: string, env: Readonly<Record<string, string>>) => new PartProcess(join(folder, part), env);
const LISTEN = '127.0.0.1:0';

const startAuth = (database: string) =>
  start('auth', {
    AUTH_LISTEN: LISTEN,
    AUTH_ADMIN_LISTEN: LISTEN,
    AUTH_ISSUER: 'https://auth.test',
    REDIS_URL: inject('redisUrl'),
    DATABASE_URL: database,
    KEY_ENCRYPTION_KEY_FILE: join(folder, 'key'),
    BOOTSTRAP_ADMIN_EMAIL: ADMIN.email,
    BOOTSTRAP_ADMIN_PASSWORD_FILE: join(folder, 'password'),
  });

/** There is no such namespace for its Lease: it stands by, and writes nothing to an API server on which other tests have operators. */
const startOperator = (kubeconfig: string) =>
  start('operator', { KUBECONFIG: kubeconfig, OPERATOR_LISTEN: LISTEN, POD_NAMESPACE: 'nowhere' });

/** Of what takes no more than an address. */
const simple = ['user', 'notification'].map((name) => [name, { LISTEN }] as const);

test.each([
  ...simple,
  ['file', { LISTEN, DATA_FOLDER: join(tmpdir(), `bundles-files-${randomBytes(8).toString('hex')}`) }] as const,
  ['web', { LISTEN, ISSUER: 'https://auth.test' }] as const,
  [
    'bucket',
    { LISTEN, AUTH_URL: 'http://auth', WORKLOAD_TOKEN_FILE: '/token', USER_SERVICE_URL: 'http://user' },
  ] as const,
])('%s serves, and stops with exit code 0', async (name, env) => {
  const running = start(name, env);
  if ('DATA_FOLDER' in env) onTestFinished(() => rm(env.DATA_FOLDER, { recursive: true, force: true }));
  await running.serving('/healthz');
  expect(await running.exit('SIGTERM')).toBe(0);
  expect(running.stderr).toBe('');
});

test('web has its page beside it, and the module that the page imports', async () => {
  const running = start('web', { LISTEN, ISSUER: 'https://auth.test' });
  const url = await running.serving('/healthz');
  const page = await fetch(`${url}/`);
  expect(await page.text()).toContain('<script');
  const module = await fetch(`${url}/web/oauth4webapi.js`);
  expect(await module.text()).toContain('export async function discoveryRequest');
});

describe('auth', () => {
  test.each(databases())('on $name checks a password with the native library', async ({ open }) => {
    const running = startAuth(await open());
    await running.serving('/readyz');
    const url = await running.serving('/.well-known/jwks.json');
    const logIn = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const body = JSON.stringify({ ...ADMIN, services: ['auth'] });
    const isLoggedIn = async () => expect((await fetch(`${url}/v1/sessions`, { ...logIn, body })).status).toBe(201);
    // It gives its stores the time that it gives them where it is deployed.
    await vi.waitFor(isLoggedIn, { timeout: 120_000, interval: 500 });
    expect(await running.exit('SIGTERM')).toBe(0);
    expect(running.stderr).toBe('');
  });
});

/** PostgreSQL where the run has one. */
function databases() {
  const embedded = { name: 'the embedded database', open: async () => `pglite:${join(folder, 'db')}` };
  const server = inject('postgresUrl');
  return server === '' ? [embedded] : [embedded, { name: 'PostgreSQL', open: () => ownDatabase(server) }];
}

/** Other tests keep keys in theirs that this one cannot open. */
async function ownDatabase(server: string): Promise<string> {
  const name = `bundles_${randomBytes(8).toString('hex')}`;
  const client = new pg.Client(server);
  await client.connect();
  onTestFinished(() => client.end());
  onTestFinished(() => client.query(`DROP DATABASE ${name} WITH (FORCE)`).then(() => undefined));
  await client.query(`CREATE DATABASE ${name}`);
  return Object.assign(new URL(server), { pathname: `/${name}` }).href;
}

test('guard serves its health', async () => {
  const running = start('guard', {
    GUARD_LISTEN: LISTEN,
    GUARD_OPS_LISTEN: LISTEN,
    AUTH_ISSUER: 'https://auth.test',
    AUTH_URL: 'http://127.0.0.1:1',
    WORKLOAD_TOKEN_FILE: join(folder, 'token'),
    KEY_ENCRYPTION_KEY_FILE: join(folder, 'key'),
    REDIS_URL: inject('redisUrl'),
    KUBECONFIG: inject('kubeconfig'),
  });
  await running.serving('/healthz');
  expect(await running.exit('SIGTERM')).toBe(0);
  expect(running.stderr).toBe('');
});

describe('operator', () => {
  test('serves its health', async () => {
    const running = startOperator(inject('kubeconfig'));
    await running.serving('/healthz');
    expect(await running.exit('SIGTERM')).toBe(0);
    expect(running.stderr).toBe('');
  });

  test('shows the API server the token of an exec plugin', async () => {
    const seen = new Set<string | undefined>();
    const server = await listening(({ headers }) => seen.add(headers.authorization));
    const kubeconfig = join(folder, 'exec-kubeconfig');
    await writeFile(kubeconfig, JSON.stringify(pluginKubeconfig(server)));
    startOperator(kubeconfig);
    await vi.waitFor(() => expect(seen).toContain('Bearer of-a-plugin'), { timeout: 120_000 });
  });
});

test('spans are recorded and delivered, as from the sources', async () => {
  const paths = new Set<string | undefined>();
  const collector = await listening(({ url }) => paths.add(url));
  const running = start('user', { LISTEN, OTEL_EXPORTER_OTLP_ENDPOINT: collector });
  const url = await running.serving('/healthz');
  await (await fetch(`${url}/api/users/profile`)).text();
  await vi.waitFor(() => expect(paths).toContain('/v1/traces'), { timeout: 120_000 });
});

/** A server that answers 503 to everything; where it listens. It ends with the test. */
async function listening(onRequest: (request: IncomingMessage) => void): Promise<string> {
  const server = createServer((request, answer) => {
    onRequest(request);
    request.resume();
    answer.writeHead(503).end();
  });
  server.listen(0, '127.0.0.1');
  onTestFinished(() => server.close().closeAllConnections());
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
function pluginKubeconfig(server: string): object {
  const apiVersion = 'client.authentication.k8s.io/v1';
  const credential = { apiVersion, kind: 'ExecCredential', status: { token: 'of-a-plugin' } };
  const args = ['-e', `console.log(${JSON.stringify(JSON.stringify(credential))})`];
  const exec = { apiVersion, command: process.execPath, args, interactiveMode: 'Never' };
  return {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'it' },
    clusters: [{ name: 'it', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'it', user: { exec } }],
    contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
  };
}

test('the command tells its usage', async () => {
  const running = new PartProcess(join(folder, 'cli'), {}, ['--help']);
  expect(await running.exit()).toBe(0);
  expect(running.stdout).toContain('Usage: sekisho');
});

test('a stack trace names the sources', async () => {
  const running = start('user', { LISTEN, DATABASE_FILE: '/proc/nowhere/db' });
  expect(await running.exit()).toBe(1);
  expect(running.stdout + running.stderr).toContain('/services/samples/user/src/names.ts:');
});
