import { describe, expect, test } from 'vitest';
import { configFrom } from './config.ts';

describe('configFrom', () => {
  test('needs nothing inside a pod', () => {
    expect(configFrom({})).toEqual({
      kubeconfig: undefined,
      listen: { host: '127.0.0.1', port: 9090 },
      mesh: { trustDomain: 'cluster.local', rootNamespace: 'istio-system' },
      jwksRefreshMs: 300_000,
      logLevel: 'info',
    });
  });

  test.each([
    ['OPERATOR_LISTEN', 'nowhere'],
    ['TRUST_DOMAIN', 'Cluster Local'],
    ['ROOT_NAMESPACE', 'istio/system'],
    ['JWKS_REFRESH_SECONDS', '1'],
    ['LOG_LEVEL', 'loud'],
  ])('names %s when it is wrong', (variable, value) => {
    expect(() => configFrom({ [variable]: value })).toThrow(variable);
  });
});
