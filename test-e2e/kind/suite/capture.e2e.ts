import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Cluster } from '../../mesh/cluster.ts';
import { call, outcome } from '../../story/http.ts';
import { forward } from '../forward.ts';
import { podsOf } from '../pods.ts';
import { readAccess } from '../port-forward.ts';
import { tunnelTo } from '../relay-pod.ts';

const SHOP = 'shop';
const SENDER = { namespace: SHOP, name: 'sender-user' };

let cluster: Cluster;
beforeAll(() => {
  cluster = new Cluster(inject('mesh').kubeconfig);
});
afterAll(() => cluster?.close());

/** A plain HTTP request to the bucket service, on a TCP connection that this pod opens. */
async function askFrom(pod: { readonly namespace: string; readonly name: string }): Promise<string | undefined> {
  await using stack = new AsyncDisposableStack();
  const tunnel = stack.use(tunnelTo(readAccess(inject('mesh').kubeconfig), pod));
  const { host, port } = stack.use(await forward(() => tunnel.connect('bucket.shop.svc', 80)));
  // By it the sidecar knows the service; to a name that it does not know it hands the connection on as it is.
  const headers = { host: 'bucket.shop' };
  return await call(`http://${host}:${port}/healthz`, { headers }).then(outcome, ({ code }: { code?: string }) => code);
}

test('every pod of the shop got a sidecar, and the rules that lead its traffic there', async () => {
  const pods = await podsOf(cluster, { namespace: SHOP, labelSelector: 'app in (bucket,user,notification,file,web)' });
  expect(pods.length).toBeGreaterThanOrEqual(5);
  for (const { metadata, ...pod } of pods) {
    const { initContainers = [], containers } = pod['spec'] as Record<
      'initContainers' | 'containers',
      { name: string }[]
    >;
    const names = [...initContainers, ...containers].map(({ name }) => name);
    expect(names, metadata.name).toEqual(expect.arrayContaining(['istio-init', 'istio-proxy']));
  }
});

test('a plain call of a pod in the mesh is captured and arrives over mTLS; that of a pod outside is cut', async () => {
  expect(await askFrom(SENDER)).toBe('200');
  expect(['ECONNRESET', 'UND_ERR_SOCKET']).toContain(await askFrom(inject('mesh').cluster?.client ?? SENDER));
});
