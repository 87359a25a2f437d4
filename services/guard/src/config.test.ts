import { ConfigError } from '@sekisho/telemetry';
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

/** The variables that an environment is refused for. */
function refused(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    configFrom(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.variables;
    throw error;
  }
}

describe('configFrom', () => {
  test('has a default for what has a good one', () => {
    expect(configFrom(ENVIRONMENT)).toEqual({
      listen: { host: '0.0.0.0', port: 8080 },
      opsListen: { host: '0.0.0.0', port: 9090 },
      issuer: 'https://auth.example',
      authUrl: 'http://auth.sekisho-system',
      authService: undefined,
      workloadTokenFile: '/var/run/secrets/sekisho/workload/token',
      encryptionKeyFile: '/keys/guard',
      trustDomain: 'cluster.local',
      redisUrl: 'redis://redis:6379',
      regions: undefined,
      maxStalenessMs: 60_000,
      sessionFreshMs: 30_000,
      tokenLifetime: 900,
      deviceChange: 'log',
      routeHeaders: [],
      loginPath: undefined,
      kubeconfig: undefined,
      pod: undefined,
      logLevel: 'info',
    });
  });

  test('takes part in several regions', () => {
    const regions = { REGION: 'tokyo', REGIONS: 'osaka,tokyo', GLOBAL_REDIS_URL: 'redis://global:6379' };
    expect(configFrom({ ...ENVIRONMENT, ...regions }).regions).toEqual({
      region: { name: 'tokyo', others: ['osaka'] },
      globalRedisUrl: 'redis://global:6379',
      isFirst: false,
      ...{ maxBehindMs: 900_000, withoutGlobal: 'local', withoutLocal: 'global' },
    });
    expect(refused({ ...ENVIRONMENT, ...regions, REGION: 'Tokyo' })).toEqual(['REGION']);
    expect(refused({ ...ENVIRONMENT, ...regions, GLOBAL_REDIS_URL: ENVIRONMENT.REDIS_URL })).toEqual([
      'GLOBAL_REDIS_URL',
    ]);
  });

  test('takes every variable', () => {
    const more = {
      AUTH_SERVICE: 'sekisho-system/auth',
      WORKLOAD_TOKEN_FILE: '/token',
      TRUST_DOMAIN: 'example.org',
      REVOCATION_MAX_STALENESS_SECONDS: '5',
      SESSION_CACHE_SECONDS: '2',
      ACCESS_TOKEN_TTL_SECONDS: '300',
      DEVICE_CHANGE: 'revoke',
      ROUTE_HEADERS: 'x-version',
      GUARD_LOGIN_PATH: '/login',
      KUBECONFIG: '/kubeconfig',
      KUBERNETES_SERVICE_HOST: '10.96.0.1',
      LOG_LEVEL: 'debug',
    };
    expect(configFrom({ ...ENVIRONMENT, ...more })).toMatchObject({
      authService: 'sekisho-system/auth',
      workloadTokenFile: '/token',
      trustDomain: 'example.org',
      ...{ maxStalenessMs: 5_000, sessionFreshMs: 2_000, tokenLifetime: 300 },
      ...{ deviceChange: 'revoke', routeHeaders: ['x-version'], kubeconfig: '/kubeconfig' },
      pod: { host: '10.96.0.1', port: '443' },
      logLevel: 'debug',
    });
  });

  test('names all that is missing at once', () => {
    expect(refused({})).toEqual(Object.keys(ENVIRONMENT));
  });

  test.each([
    ['GUARD_LISTEN', 'nowhere'],
    ['GUARD_OPS_LISTEN', '127.0.0.1:99999'],
    ['AUTH_ISSUER', 'auth.example'],
    ['AUTH_ISSUER', 'https://auth.example/?a=b'],
    ['AUTH_URL', 'ftp://auth.example'],
    ['AUTH_SERVICE', 'auth'],
    ['TRUST_DOMAIN', 'Cluster Local'],
    ['REDIS_URL', 'http://redis'],
    ['REVOCATION_MAX_STALENESS_SECONDS', '1'],
    ['REVOCATION_MAX_STALENESS_SECONDS', '3601'],
    ['SESSION_CACHE_SECONDS', '0'],
    ['SESSION_CACHE_SECONDS', '301'],
    ['ACCESS_TOKEN_TTL_SECONDS', '59'],
    ['ACCESS_TOKEN_TTL_SECONDS', '900s'],
    ['DEVICE_CHANGE', 'ignore'],
    ['ROUTE_HEADERS', 'x-version; x-tenant'],
    ['KUBERNETES_SERVICE_PORT', 'https'],
    ['LOG_LEVEL', 'loud'],
  ])('refuses %s=%s, and names it alone', (variable, value) => {
    expect(refused({ ...ENVIRONMENT, [variable]: value })).toEqual([variable]);
  });

  test('repeats no password of an address that is wrong', () => {
    expect(() => configFrom({ ...ENVIRONMENT, REDIS_URL: 'http://:hunter2@redis' })).toThrow(/^(?!.*hunter2)/s);
  });
});

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
