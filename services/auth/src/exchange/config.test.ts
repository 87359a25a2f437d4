import { describe, expect, test } from 'vitest';
import { workloadKeySource } from './config.ts';

const port = { KUBERNETES_SERVICE_PORT: '443' };

describe('where the keys of ServiceAccount tokens are', () => {
  test('is nowhere by default', () => {
    expect(workloadKeySource(port)).toBeUndefined();
  });

  test('is the cluster of a kubeconfig or of the pod', () => {
    const pod = { ...port, KUBERNETES_SERVICE_HOST: '10.0.0.1', WORKLOAD_KEYS: 'cluster' };
    expect(workloadKeySource(pod)).toEqual({
      kind: 'cluster',
      kubeconfig: undefined,
      pod: { host: '10.0.0.1', port: '443' },
    });
    const kubeconfig = { ...port, KUBECONFIG: '/kube', WORKLOAD_KEYS: 'cluster' };
    expect(workloadKeySource(kubeconfig)).toMatchObject({ kubeconfig: '/kube', pod: undefined });
  });

  test('is a file, with the issuer of its keys', () => {
    const file = { ...port, WORKLOAD_KEYS: '/keys.json', WORKLOAD_ISSUER: 'https://cluster' };
    expect(workloadKeySource(file)).toEqual({ kind: 'file', path: '/keys.json', issuer: 'https://cluster' });
  });

  test.each([
    [{ WORKLOAD_KEYS: 'cluster' }, 'WORKLOAD_KEYS'],
    [{ WORKLOAD_KEYS: 'cluster', KUBECONFIG: '/kube', WORKLOAD_ISSUER: 'https://x' }, 'WORKLOAD_ISSUER'],
    [{ WORKLOAD_KEYS: '/keys.json' }, 'WORKLOAD_ISSUER'],
  ])('is told without a contradiction (%#)', (config, variable) => {
    expect(() => workloadKeySource({ ...port, ...config })).toThrow(variable);
  });
});
