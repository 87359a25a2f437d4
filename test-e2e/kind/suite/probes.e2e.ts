import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Cluster } from '../../mesh/cluster.ts';
import { call, outcome } from '../../story/http.ts';
import { isReady, podsOf } from '../pods.ts';

const SERVICES = ['bucket', 'user', 'notification', 'file', 'web'] as const;

interface PodSpec {
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
}

interface Container {
  readonly name: string;
  readonly readinessProbe?: { readonly httpGet?: { readonly path: string } };
}

let cluster: Cluster;
beforeAll(() => {
  cluster = new Cluster(inject('mesh').kubeconfig);
});
afterAll(() => cluster?.close());

describe('the kubelet, which has no certificate,', () => {
  test.each(SERVICES)('finds %s ready behind an Envoy that takes mTLS alone', async (name) => {
    const pods = await podsOf(cluster, { namespace: 'shop', labelSelector: `app=${name}` });
    const [pod] = pods.filter(isReady);
    if (pod === undefined) throw new Error('it is not ready');
    const { initContainers = [], containers } = pod['spec'] as PodSpec;
    expect([...initContainers, ...containers].map((one) => one.name)).toContain('istio-proxy');
    const app = containers.find((one) => one.name === name);
    expect(app?.readinessProbe?.httpGet?.path).toBe(`/app-health/${name}/readyz`);
  });

  test('while plain text from elsewhere is cut', async () => {
    const address = inject('mesh').workloads['bucket']?.address;
    const answer = call(`http://${address}/healthz`).then(outcome, ({ code }: { code?: string }) => code);
    expect(['ECONNRESET', 'UND_ERR_SOCKET']).toContain(await answer);
  });
});
