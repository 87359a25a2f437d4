import { describe, expect, test } from 'vitest';
import { configFrom } from './config.ts';

const ENVIRONMENT = {
  GUARD_LISTEN: '0.0.0.0:8080',
  GUARD_OPS_LISTEN: '0.0.0.0:9090',
  AUTH_ISSUER: 'https://auth.example',
  AUTH_URL: 'http://auth.sekisho-system',
  KEY_ENCRYPTION_KEY_FILE: '/keys/guard',
  REDIS_URL: 'redis://redis:6379',
};

describe('headers by which routes choose', () => {
  test.each([
    ['', []],
    ['X-Version, x-tenant,', ['x-version', 'x-tenant']],
  ])('%j', (names, expected) => {
    expect(configFrom({ ...ENVIRONMENT, ROUTE_HEADERS: names }).routeHeaders).toEqual(expected);
  });

  test.each(['Authorization', 'x-version, X-User-Roles', 'X-Sekisho-Server-Name', 'cookie'])(
    'not one that is replaced on its way: %s',
    (names) => {
      expect(() => configFrom({ ...ENVIRONMENT, ROUTE_HEADERS: names })).toThrow(/ROUTE_HEADERS must not name/);
    },
  );
});

describe('the path of the log-in page', () => {
  test.each([
    [undefined, undefined],
    ['/login', '/login'],
    ['/auth/login', '/auth/login'],
  ])('%j', (GUARD_LOGIN_PATH, expected) => {
    expect(configFrom({ ...ENVIRONMENT, GUARD_LOGIN_PATH }).loginPath).toBe(expected);
  });

  test.each(['login', '//evil.example', '/login?x=1', '/\\evil.example', 'https://evil.example'])('not %j', (path) => {
    expect(() => configFrom({ ...ENVIRONMENT, GUARD_LOGIN_PATH: path })).toThrow(/GUARD_LOGIN_PATH/);
  });
});
