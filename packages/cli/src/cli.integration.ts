import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';

const AUTH = fileURLToPath(new URL('../../../services/auth/src/main.ts', import.meta.url));
const COMMAND = fileURLToPath(new URL('main.ts', import.meta.url));
const ADMIN = { email: 'admin@example.org', password: randomBytes(18).toString('base64url') };

let folder: string;
let auth: ChildProcess;
let environment: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sekisho-cli-'));
  await writeFile(join(folder, 'key'), randomBytes(32).toString('base64'));
  await writeFile(join(folder, 'password'), ADMIN.password);
  auth = spawn(process.execPath, [AUTH], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      AUTH_LISTEN: '127.0.0.1:0',
      AUTH_ADMIN_LISTEN: '127.0.0.1:0',
      AUTH_ISSUER: 'https://auth.test',
      REDIS_URL: inject('redisUrl'),
      DATABASE_URL: `pglite:${join(folder, 'db')}`,
      KEY_ENCRYPTION_KEY_FILE: join(folder, 'key'),
      BOOTSTRAP_ADMIN_EMAIL: ADMIN.email,
      BOOTSTRAP_ADMIN_PASSWORD_FILE: join(folder, 'password'),
    },
  });
  let log = '';
  auth.stdout?.on('data', (chunk) => {
    log += chunk;
  });
  const addresses = () =>
    [...log.matchAll(/Server listening at (http:\/\/127\.0\.0\.1:\d+)/g)].map(([, url = '']) => url);
  await vi.waitFor(() => expect(addresses()).toHaveLength(2), { timeout: 120_000 });
  const [publicServer = '', server = ''] = addresses();
  environment = { SEKISHO_SERVER: server, SEKISHO_PUBLIC_SERVER: publicServer, XDG_CONFIG_HOME: folder };
  const isReady = async () => expect((await fetch(`${server}/readyz`)).status).toBe(200);
  await vi.waitFor(isReady, { timeout: 120_000 });
});
afterAll(async () => {
  auth.kill('SIGTERM');
  await once(auth, 'exit');
  await rm(folder, { recursive: true, force: true });
});

/** As somebody uses it who is told to try again: the service gives its stores the time that it gives them where it is deployed. */
const sekisho = (line: string, input?: string) =>
  vi.waitFor(
    async () => {
      const told = await sekishoOnce(line, input);
      expect(told.err).not.toContain('Try again in');
      return told;
    },
    { timeout: 120_000, interval: 1_000 },
  );

/** The command as a process of its own, without a terminal. */
async function sekishoOnce(line: string, input = '') {
  const child = spawn(process.execPath, [COMMAND, ...line.split(' ')], { env: environment });
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, out, err };
}

async function done(line: string, input?: string): Promise<string> {
  const { code, out, err } = await sekisho(line, input);
  expect({ line, code, err }).toEqual({ line, code: 0, err: expect.any(String) });
  return out;
}

const json = async (line: string) => JSON.parse(await done(`${line} --output json`));

test('an administrator logs in, makes a user, and takes everything back', async () => {
  expect(await sekisho('users list')).toMatchObject({ code: 1, err: expect.stringContaining('sekisho login') });
  expect(await sekisho(`login --email ${ADMIN.email} --password-stdin`, 'wrong')).toMatchObject({ code: 1 });
  await done(`login --email ${ADMIN.email} --password-stdin`, `${ADMIN.password}\n`);

  const weak = await sekisho('users create Alice@example.org --password-stdin', 'password1');
  expect(weak).toMatchObject({ code: 1, err: expect.stringContaining('/password: ') });
  await done(
    'users create Alice@example.org --role member --grant bucket=bucket:read --password-stdin',
    'correct horse',
  );
  const alice = await json('users get alice@example.org');
  expect(alice).toMatchObject({ roles: ['member'], grants: [{ service: 'bucket', permissions: ['bucket:read'] }] });
  expect(await done('users list --service bucket')).toContain('alice@example.org');

  await done('users update alice@example.org --role member --role editor');
  await done('grants set alice@example.org files --permission files:read --expires 30d');
  await done('grants remove alice@example.org bucket --yes');
  expect(await done('grants list alice@example.org')).toMatch(/^files +files:read +\d{4}-/m);

  expect(await sekisho('users deactivate alice@example.org')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--yes'),
  });
  await done('users deactivate alice@example.org --yes');
  expect(await json('sessions list alice@example.org')).toEqual({ sessions: [] });
  const { items } = await json('audit --user alice@example.org');
  expect(items.map(({ action }: { action: string }) => action)).toEqual([
    'user.updated',
    'grants.changed',
    'grants.changed',
    'user.updated',
    'user.created',
  ]);

  const locked = await sekisho(`users delete ${ADMIN.email} --yes`);
  expect(locked).toMatchObject({ code: 1, err: expect.stringContaining('last_administrator') });
  expect(await done('keys list')).toContain('active');
  await done('logout');
  expect(await sekisho('users list')).toMatchObject({ code: 1 });
}, 600_000);
