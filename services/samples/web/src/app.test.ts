import { createLogger } from '@sekisho/telemetry';
import type { FastifyInstance } from 'fastify';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildApp } from './app.ts';
import { type Pages, readPages } from './pages.ts';

const ISSUER = 'https://shop.example';
let app: FastifyInstance;
let pages: Pages;

beforeAll(async () => {
  pages = await readPages({ issuer: ISSUER, clientId: 'shop-web' });
  app = await buildApp({ pages, log: createLogger({ name: 'web', level: 'silent' }) });
});

describe('a page', () => {
  test('is served with a policy that lets nothing inline and nothing from elsewhere run', async () => {
    for (const path of [...pages.keys(), '/nowhere', '/%zz', '/healthz']) {
      const { headers } = await app.inject(path);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|data:|https?:|\*/);
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });

  test('holds nothing that the policy would stop', async () => {
    const { body } = await app.inject('/');
    expect(body).not.toMatch(/<style|style=|<script(?![^>]* src=)|\son\w+=/i);
    const addresses = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address);
    expect(addresses).not.toEqual([]);
    for (const address of addresses) expect((await app.inject(String(address))).statusCode).toBe(200);
  });

  test('imports only what is served', async () => {
    for (const [path, { type, body }] of pages) {
      if (!type.startsWith('text/javascript')) continue;
      const imported = [...body.toString().matchAll(/^(?:import|export)[^;]*? from '([^']+)'/gm)];
      for (const [, address = ''] of imported) {
        const { pathname } = new URL(address, `${ISSUER}${path}`);
        expect([path, address, pages.has(pathname)]).toEqual([path, address, true]);
      }
    }
  });

  test('is sent once, and again when it is another one', async () => {
    const { headers } = await app.inject('/');
    const again = await app.inject({ url: '/', headers: { 'if-none-match': String(headers.etag) } });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    expect((await app.inject({ url: '/', headers: { 'if-none-match': '"other"' } })).statusCode).toBe(200);
  });
});

test('tells the browser where to log in', async () => {
  const { body, headers } = await app.inject('/web/settings.js');
  expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
  expect(body).toBe('export const settings = {"issuer":"https://shop.example","clientId":"shop-web"};\n');
});

test.each(['/web/', '/web/../package.json', '/web/%2e%2e/package.json', '/web/settings.ts', '/web/tsconfig.json'])(
  'serves nothing else: %s',
  async (path) => {
    expect((await app.inject(path)).statusCode).toBe(404);
  },
);

test('health is for everyone', async () => {
  expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok' });
});
