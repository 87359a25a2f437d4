import Fastify, { type FastifyInstance } from 'fastify';
import { beforeEach, describe, expect, test } from 'vitest';
import { tokenCaller } from './caller.ts';
import { identity, requireCaller, requirePermission, requireRole, requireToken } from './fastify.ts';
import { peerHeaders, tokenHeaders } from './testing.ts';

const bucket = { trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'bucket' };
const token = tokenHeaders({
  aud: 'notes',
  user: { id: 'u1', roles: ['member'] },
  services: { notes: { permissions: ['notes:read'] } },
});

let app: FastifyInstance;

beforeEach(async () => {
  app = Fastify();
  await app.register(identity, { service: 'notes' });
  app.get('/', (request) => request.caller);
  app.options('/', (request) => request.caller);
  app.get('/mine', { preHandler: requireToken() }, (request) => tokenCaller(request.caller).id);
  app.get('/read', { preHandler: requirePermission('notes:read') }, () => 'read');
  app.get('/write', { preHandler: requirePermission('notes:write') }, () => 'written');
  app.get('/member', { preHandler: requireRole('member') }, () => 'member');
  app.get('/admin', { preHandler: requireRole('admin') }, () => 'admin');
  app.get('/inside', { preHandler: requireCaller({ namespace: 'shop', serviceAccount: 'bucket' }) }, () => 'inside');
});

const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers });

describe('a route', () => {
  test('reads the caller from the request', async () => {
    expect((await get('/', token)).json()).toMatchObject({ kind: 'user', id: 'u1' });
    expect((await get('/')).json()).toEqual({ kind: 'anonymous' });
  });

  test('is open to who has what it needs', async () => {
    expect((await get('/mine', token)).body).toBe('u1');
    expect((await get('/read', token)).body).toBe('read');
    expect((await get('/member', token)).body).toBe('member');
    expect((await get('/inside', peerHeaders(bucket))).body).toBe('inside');
  });

  test.each(['/mine', '/read', '/member'])('%s answers 401 with a challenge when there is no token', async (url) => {
    for (const headers of [{}, peerHeaders(bucket)]) {
      const response = await get(url, headers);
      expect(response.statusCode).toBe(401);
      expect(response.headers['content-type']).toContain('application/problem+json');
      expect(response.headers['www-authenticate']).toBe('Bearer realm="sekisho"');
      expect(response.json()).toMatchObject({ status: 401, title: 'Unauthorized', code: 'token_missing' });
    }
  });

  test.each([
    ['/write', 'permission_missing'],
    ['/admin', 'permission_missing'],
    ['/inside', 'caller_not_allowed'],
  ])('%s answers 403 %s to a user who may not', async (url, code) => {
    const response = await get(url, token);
    expect(response.statusCode).toBe(403);
    expect(response.headers['www-authenticate']).toBeUndefined();
    expect(response.json()).toMatchObject({ status: 403, title: 'Forbidden', code });
  });

  test('for certain workloads is closed to others, also to a namesake in another trust domain', async () => {
    for (const peer of [
      { ...bucket, serviceAccount: 'user' },
      { ...bucket, trustDomain: 'elsewhere' },
    ]) {
      expect((await get('/inside', { ...token, ...peerHeaders(peer) })).statusCode).toBe(403);
    }
  });
});

describe('a caller that cannot be read', () => {
  test('is refused before the handler, with 401 when the token is at fault', async () => {
    const response = await get('/', tokenHeaders({ aud: 'notes', user: 'u1' }));
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer realm="sekisho", error="invalid_token"');
    expect(response.json()).toMatchObject({ code: 'token_malformed' });
  });

  test('is refused with 503 when the mesh is at fault', async () => {
    const response = await get('/', { 'x-forwarded-client-cert': 'nonsense' });
    expect(response.statusCode).toBe(503);
    expect(response.json()).toMatchObject({ code: 'unavailable' });
  });
});

test('a CORS preflight has no user, because Envoy checks no token on it', async () => {
  const preflight = { ...token, origin: 'https://evil.example', 'access-control-request-method': 'GET' };
  expect((await app.inject({ method: 'OPTIONS', url: '/', headers: preflight })).json()).toEqual({ kind: 'anonymous' });
  expect((await app.inject({ method: 'OPTIONS', url: '/', headers: token })).json()).toMatchObject({ kind: 'user' });
});

test('routes of nested plugins have the caller too', async () => {
  await app.register(async (nested) => {
    nested.get('/nested', { preHandler: requirePermission('notes:read') }, (request) => request.caller.kind);
  });
  expect((await get('/nested', token)).body).toBe('user');
});

test('an unknown route is not found whoever asks', async () => {
  expect((await get('/unknown')).statusCode).toBe(404);
});
