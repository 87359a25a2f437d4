import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { databaseKinds } from '../testing/real-service.ts';
import { asAdmin } from './testing/platform.ts';
import { startWorld, type TestClient, type World } from './testing/world.ts';

const [kind] = databaseKinds('');
const ORIGIN = 'https://app.example';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe.runIf(kind !== undefined)('scripts and pages in a browser', () => {
  let world: World;
  let publicClient: TestClient;

  beforeAll(async () => {
    if (kind === undefined) return;
    world = await startWorld(kind, inject('redisUrl'));
    publicClient = await world.addClient({ authMethod: 'none', grantTypes: ['authorization_code', 'refresh_token'] });
  });
  afterAll(() => world?.close());

  const ask = (options: InjectOptions, origin = ORIGIN) =>
    world.service.publicApp.inject({ ...options, headers: { origin, ...options.headers } });
  const askToken = (clientId: string, origin = ORIGIN) => {
    const form = {
      grant_type: 'authorization_code',
      code: 'x',
      redirect_uri: `${ORIGIN}/callback`,
      code_verifier: 'x',
    };
    const payload = new URLSearchParams({ ...form, client_id: clientId }).toString();
    return ask({ method: 'POST', url: '/oauth/token', headers: FORM, payload }, origin);
  };

  test.each([
    ['/.well-known/openid-configuration', 'GET', 'x-requested-with'],
    ['/oauth/token', 'POST', 'dpop'],
    ['/oauth/par', 'POST', 'authorization'],
    ['/oauth/revoke', 'POST', 'authorization'],
    ['/oauth/userinfo', 'GET', 'authorization'],
  ])('may ask %s from another origin', async (url, method, header) => {
    const wanted = { 'access-control-request-method': method, 'access-control-request-headers': header };
    const preflight = await ask({ method: 'OPTIONS', url, headers: wanted });
    expect(preflight.statusCode).toBe(204);
    expect([ORIGIN, '*']).toContain(preflight.headers['access-control-allow-origin']);
    expect(preflight.headers).not.toHaveProperty('access-control-allow-credentials');
  });

  test.each(['/.well-known/openid-configuration', '/.well-known/jwks.json', '/oauth/userinfo'])(
    'read %s from any origin, without cookies',
    async (url) => {
      const { headers } = await ask({ url });
      expect([ORIGIN, '*']).toContain(headers['access-control-allow-origin']);
      expect(headers).not.toHaveProperty('access-control-allow-credentials');
    },
  );

  test('read the answer of the token endpoint where a public client has its pages, and nowhere else', async () => {
    const confidential = await world.addClient({ authMethod: 'client_secret_post' });
    const allowed = await askToken(publicClient.id);
    expect([allowed.statusCode, allowed.json().error]).toEqual([400, 'invalid_grant']);
    expect(allowed.headers['access-control-allow-origin']).toBe(ORIGIN);
    for (const refused of [await askToken(publicClient.id, 'https://evil.example'), await askToken(confidential.id)]) {
      expect(refused.statusCode).toBeGreaterThanOrEqual(400);
      expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test('read no answer of what is for our own pages', async () => {
    for (const [method, url] of [
      ['POST', '/v1/sessions'],
      ['GET', '/v1/sessions'],
      ['OPTIONS', '/v1/sessions'],
    ] as const) {
      expect((await ask({ method, url })).headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test('are shown pages that run no script, in no frame, and that nobody keeps', async () => {
    const parameters = new URLSearchParams({ client_id: publicClient.id, response_type: 'code' });
    const urls = [
      '/oauth/device',
      '/oauth/logout',
      '/oauth/interaction/over',
      '/oauth/authorize',
      `/oauth/authorize?${parameters}`,
    ];
    for (const url of urls) {
      const { headers } = await ask({ url, headers: { accept: 'text/html' } });
      expect([url, headers]).toEqual([
        url,
        expect.objectContaining({
          'content-type': 'text/html; charset=utf-8',
          'content-security-policy': expect.stringMatching(
            /^default-src 'none'; style-src 'sha256-[^;]*; form-action .*frame-ancestors 'none'$/,
          ),
          'cache-control': expect.stringContaining('no-store'),
          'referrer-policy': 'no-referrer',
          'x-content-type-options': 'nosniff',
          'x-frame-options': 'DENY',
        }),
      ]);
      expect(headers['content-security-policy']).not.toContain('unsafe');
    }
  });

  test('take no other answer for a page', async () => {
    const answers = [
      await ask({ method: 'POST', url: '/v1/sessions', payload: {} }),
      await ask({ url: '/nothing' }),
      await ask({ url: '/.well-known/jwks.json' }),
      await ask({ url: '/openapi.json' }),
      await ask({ url: '/oauth/userinfo' }),
      await ask({ url: '/.well-known/openid-configuration' }),
      await askToken(publicClient.id),
      await asAdmin(world.service, 'GET', '/v1/users'),
    ];
    for (const { headers } of answers) {
      expect(headers['content-type']).toMatch(/^application\/(problem\+)?json/);
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });
});
