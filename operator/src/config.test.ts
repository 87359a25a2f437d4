import { describe, expect, test } from 'vitest';
import { configFrom } from './config.ts';

describe('configFrom', () => {
  test('has a default for everything', () => {
    expect(configFrom({})).toEqual({
      kubeconfig: undefined,
      pod: undefined,
      listen: { host: '127.0.0.1', port: 9090 },
      mesh: { trustDomain: 'cluster.local', rootNamespace: 'istio-system' },
      meshConfig: { namespace: 'istio-system', name: 'istio' },
      jwksRefreshMs: 300_000,
      enforcement: {
        istiod: { namespace: 'istio-system', labelSelector: 'app=istiod' },
        tokenFile: undefined,
        settleMs: 12_000,
      },
      rateLimit: { perSecond: 1_000, burst: 2_000 },
      election: undefined,
      logLevel: 'info',
    });
  });

  test('elects a leader inside a pod, unless told not to', () => {
    const pod = { POD_NAMESPACE: 'sekisho-system', POD_NAME: 'operator-0' };
    expect(configFrom(pod).election).toEqual({ namespace: 'sekisho-system', podName: 'operator-0', leaseMs: 15_000 });
    expect(configFrom({ ...pod, LEADER_ELECTION: 'false' }).election).toBeUndefined();
    expect(() => configFrom({ LEADER_ELECTION: 'true' })).toThrow('POD_NAMESPACE');
  });

  test('finds the API server of its pod', () => {
    expect(configFrom({ KUBERNETES_SERVICE_HOST: '10.96.0.1' }).pod).toEqual({ host: '10.96.0.1', port: '443' });
  });

  test.each([
    ['OPERATOR_LISTEN', 'nowhere'],
    ['TRUST_DOMAIN', 'Cluster Local'],
    ['ROOT_NAMESPACE', 'istio/system'],
    ['JWKS_REFRESH_SECONDS', '1'],
    ['LEADER_ELECTION', 'perhaps'],
    ['LEASE_DURATION_SECONDS', '1'],
    ['POD_NAMESPACE', '../x'],
    ['KUBE_QPS', '0'],
    ['LOG_LEVEL', 'loud'],
  ])('names %s when it is wrong', (variable, value) => {
    expect(() => configFrom({ [variable]: value })).toThrow(variable);
  });
});
