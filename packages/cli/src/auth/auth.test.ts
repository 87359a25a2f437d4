import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { problem } from '../testing/answers.ts';
import { loggedInFolder, NOW, newFolder, PUBLIC_SERVER, runCli, SERVER } from '../testing/run-cli.ts';

const keys = (token: string) => ({ request: 'GET /v1/keys', token, answer: { keys: [] } });
const origin = new URL(PUBLIC_SERVER).origin;
const logIn = {
  request: 'POST /v1/sessions',
  origin,
  token: null,
  body: {
    email: 'admin@example.org',
    password: 'correct horse',
    services: ['auth'],
    device: { platform: 'sekisho command' },
  },
  status: 201,
  answer: { access_token: 'new-token', expires_in: 900, refresh_token: 'refresh-1' },
} as const;
const login = ['login', '--public-server', PUBLIC_SERVER];

describe('sekisho login', () => {
  test('keeps the tokens in a file that only its owner can read, and shows none', async () => {
    const folder = await newFolder();
    const done = await runCli(login, { folder, exchanges: [logIn], answers: ['admin@example.org', 'correct horse'] });
    expect(done).toMatchObject({ code: 0, problems: [] });
    expect(done.out + done.err).not.toMatch(/new-token|refresh-1|horse/);
    const path = join(folder, 'sekisho', 'tokens.json');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'sekisho'))).mode & 0o777).toBe(0o700);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
      [SERVER]: {
        accessToken: 'new-token',
        refreshToken: 'refresh-1',
        expiresAt: NOW.getTime() / 1000 + 900,
        publicServer: PUBLIC_SERVER,
      },
    });
    expect(await runCli(['keys', 'list'], { folder, exchanges: [keys('new-token')] })).toMatchObject({
      code: 0,
      problems: [],
    });
  });

  test('works in a script', async () => {
    const args = [...login, '--email', 'admin@example.org', '--password-stdin'];
    const options = { folder: await newFolder(), exchanges: [logIn], input: 'correct horse\n' };
    expect(await runCli(args, options)).toMatchObject({ code: 0, problems: [] });
    expect(await runCli(login)).toMatchObject({ code: 2, problems: [] });
  });

  test('stores nothing when it is refused', async () => {
    const folder = await newFolder();
    const exchanges = [{ ...logIn, ...problem(401, 'credentials_invalid') }];
    const refused = await runCli(login, { folder, exchanges, answers: ['admin@example.org', 'correct horse'] });
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('Check the address and the password') });
    expect(await runCli(['keys', 'list'], { folder })).toMatchObject({
      code: 1,
      err: expect.stringContaining('sekisho login'),
    });
  });
});

describe('sekisho logout', () => {
  test('ends the session and forgets the tokens, also of a session that is over', async () => {
    for (const [answer, code] of [
      [{ status: 204 }, 0],
      [problem(401, 'session_expired'), 1],
    ] as const) {
      const folder = await loggedInFolder();
      const exchanges = [{ request: 'DELETE /v1/sessions/current', origin, ...answer }];
      expect(await runCli(['logout'], { folder, exchanges })).toMatchObject({ code, problems: [] });
      expect(await readFile(join(folder, 'sekisho', 'tokens.json'), 'utf8')).toBe('{}');
    }
  });
});

describe('the token', () => {
  test('of a log-in that is over is refreshed, once', async () => {
    const folder = await loggedInFolder({ expiresAt: NOW.getTime() / 1000 + 5, refreshToken: 'refresh-0' });
    const refresh = {
      ...logIn,
      request: 'POST /v1/sessions/refresh',
      body: { refresh_token: 'refresh-0' },
      status: 200,
    };
    expect(await runCli(['keys', 'list'], { folder, exchanges: [refresh, keys('new-token')] })).toMatchObject({
      code: 0,
      problems: [],
    });
    expect(await runCli(['keys', 'list'], { folder, exchanges: [keys('new-token')] })).toMatchObject({
      code: 0,
      problems: [],
    });
  });

  test('of a log-in is sent to its own server only', async () => {
    const environment = { SEKISHO_SERVER: 'https://other.test' };
    expect(await runCli(['keys', 'list'], { environment })).toMatchObject({
      code: 1,
      problems: [],
      err: expect.stringContaining('no log-in'),
    });
  });

  test('comes from a file or from standard input before the log-in', async () => {
    const path = join(await newFolder(), 'token');
    await writeFile(path, 'file-token\n');
    const fromFile = { exchanges: [keys('file-token')] };
    expect(await runCli(['keys', 'list', '--token-file', path], fromFile)).toMatchObject({ code: 0, problems: [] });
    expect(await runCli(['keys', 'list'], { ...fromFile, environment: { SEKISHO_TOKEN_FILE: path } })).toMatchObject({
      problems: [],
    });
    const fromInput = { exchanges: [keys('piped-token')], input: 'piped-token\n' };
    expect(await runCli(['keys', 'list', '--token-file', '-'], fromInput)).toMatchObject({ code: 0, problems: [] });
  });

  test.each(['', 'two tokens', 'token\nx-header: 1', `${'x'.repeat(8_193)}`])(
    'is never sent when it is none (%#)',
    async (input) => {
      const refused = await runCli(['keys', 'list', '--token-file', '-'], { input });
      expect(refused).toMatchObject({ code: 1, problems: [] });
      if (input !== '') expect(refused.err).not.toContain(input);
    },
  );

  test('and the password cannot both come from standard input', async () => {
    const args = [
      'users',
      'set-password',
      '00000000-0000-4000-8000-000000000002',
      '--yes',
      '--password-stdin',
      '--token-file',
      '-',
    ];
    const exchanges = [
      {
        request: 'GET /v1/users/00000000-0000-4000-8000-000000000002',
        token: 't',
        answer: { id: 'x', email: 'a@b', active: true, roles: [], permissions: [], grants: [], version: 1 },
      },
    ];
    expect(await runCli(args, { input: 't', exchanges })).toMatchObject({ code: 2, problems: [] });
  });

  test('in a file that cannot be understood is an error with a way out', async () => {
    const folder = await newFolder();
    await mkdir(join(folder, 'sekisho'));
    await writeFile(join(folder, 'sekisho', 'tokens.json'), '[]');
    expect(await runCli(['keys', 'list'], { folder })).toMatchObject({
      code: 1,
      problems: [],
      err: expect.stringContaining('Remove the file'),
    });
  });
});
