import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IdentityError } from '../errors.ts';
import type { IdentityOptions } from '../identify.ts';
import { peerHeaders, tokenHeaders } from '../testing.ts';
import { ADAPTERS } from './adapters.ts';
import { type HeaderLines, type RunningServer, send } from './http.ts';
import { BUCKET, NOTES } from './routes.ts';
import { NOW, VECTORS } from './vectors.ts';

const lines = (headers: Readonly<Record<string, string>>): HeaderLines => Object.entries(headers);
const token = tokenHeaders({
  aud: NOTES,
  user: { id: 'u1', roles: ['member'] },
  services: { [NOTES]: { permissions: ['notes:read'] } },
});
const TOKEN = lines(token);

describe.each(Object.entries(ADAPTERS))('%s', (_, start) => {
  let server: RunningServer;
  let refused: unknown[] = [];

  beforeAll(async () => {
    server = await start({ service: NOTES, clock: () => NOW, onRefused: (error) => refused.push(error) });
  });
  afterAll(() => server.close());

  const get = (path: string, headers: HeaderLines = []) => send(server.port, `GET ${path}`, headers);

  test.each(VECTORS.map((vector) => [vector.name, vector] as const))('reads %s', async (_name, vector) => {
    const { status, text } = await send(server.port, `${vector.method} /`, vector.headers);
    if ('caller' in vector.expected) {
      expect(JSON.parse(text)).toEqual(vector.expected.caller);
      expect(status).toBe(200);
    } else {
      expect(JSON.parse(text)).toMatchObject({ status, code: vector.expected.error });
      expect(status).toBe(vector.expected.error === 'unavailable' ? 503 : 401);
    }
  });

  test.each([
    ['/mine', TOKEN],
    ['/read', TOKEN],
    ['/member', TOKEN],
    ['/inside', lines(peerHeaders(BUCKET))],
  ])('opens %s to who has what it needs', async (path, headers) => {
    expect(await get(path, headers)).toMatchObject({ status: 200, text: '"done"' });
  });

  test.each(['/mine', '/read', '/member', '/late'])('answers %s without a token with a challenge', async (path) => {
    for (const headers of [[], lines(peerHeaders(BUCKET))]) {
      const answer = await get(path, headers);
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="sekisho"');
      expect(JSON.parse(answer.text)).toEqual({
        type: 'about:blank',
        title: 'Unauthorized',
        status: 401,
        code: 'token_missing',
        detail: expect.stringContaining('token'),
      });
      expect(answer.status).toBe(401);
    }
  });

  test.each([
    ['/write', 'permission_missing'],
    ['/admin', 'permission_missing'],
    ['/inside', 'caller_not_allowed'],
  ])('answers %s with 403 %s to a user who may not', async (path, code) => {
    const answer = await get(path, TOKEN);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.headers['www-authenticate']).toBeUndefined();
    expect(JSON.parse(answer.text)).toMatchObject({ status: 403, title: 'Forbidden', code });
  });

  test('lets certain workloads in and no namesake of theirs', async () => {
    for (const peer of [
      { ...BUCKET, serviceAccount: 'user' },
      { ...BUCKET, trustDomain: 'elsewhere' },
    ]) {
      expect((await get('/inside', [...TOKEN, ...lines(peerHeaders(peer))])).status).toBe(403);
    }
  });

  test('tells of a token that is at fault before any handler runs, and what to log', async () => {
    refused = [];
    const answer = await get('/defect', lines(tokenHeaders({ aud: NOTES, user: 'u1' })));
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="sekisho", error="invalid_token"');
    expect(JSON.parse(answer.text)).toMatchObject({ status: 401, code: 'token_malformed' });
    expect(refused).toEqual([expect.any(IdentityError)]);
  });

  test('leaves a defect of a handler to the application', async () => {
    const answer = await get('/defect');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('caller');
  });

  test('knows no route more than before', async () => {
    expect((await get('/unknown')).status).toBe(404);
  });
});

describe.each(Object.entries(ADAPTERS))('%s with a second verification', (_, start) => {
  let verified: string[];
  let server: RunningServer;
  const options: IdentityOptions = {
    service: NOTES,
    verify: async (text) => {
      verified.push(text);
      if (text.includes('forged')) throw new IdentityError('token_invalid', 'The token cannot be verified.');
    },
  };

  beforeAll(async () => {
    server = await start(options);
  });
  afterAll(() => server.close());

  test('verifies the token that came, and none where none did', async () => {
    verified = [];
    expect((await send(server.port, 'GET /mine', TOKEN)).status).toBe(200);
    expect((await send(server.port, 'GET /', lines(peerHeaders(BUCKET)))).status).toBe(200);
    expect(verified).toEqual([token.authorization.replace('Bearer ', '')]);
  });

  test('refuses one that does not verify', async () => {
    const forged = { ...token, authorization: token.authorization.replace(/[^.]+$/, 'forged') };
    const answer = await send(server.port, 'GET /mine', lines(forged));
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(JSON.parse(answer.text)).toMatchObject({ status: 401, code: 'token_invalid' });
  });
});
