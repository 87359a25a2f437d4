import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Cluster } from '../../mesh/cluster.ts';
import { waitFor } from '../../mesh/wait.ts';
import { call, outcome } from '../../story/http.ts';
import { type ApiCall, apiCaller } from '../../suite/api-call.ts';
import { edgeLoad } from '../edge-load.ts';
import { rolledOut } from '../istio.ts';
import { podsOf } from '../pods.ts';

const SYSTEM = 'sekisho-system';
const GUARD = `/apis/apps/v1/namespaces/${SYSTEM}/deployments/sekisho-guard`;
const POLICY = '/apis/auth.sekisho.dev/v1alpha1/namespaces/shop/serviceauthpolicies/bucket';
/** No item has this name. */
const OPENED = '/api/bucket-items/opened-after-a-failover';
const LONG = { timeout: 240_000, every: 250 };

let cluster: Cluster;
let api: ApiCall;
beforeAll(() => {
  const { kubeconfig } = inject('mesh');
  cluster = new Cluster(kubeconfig);
  api = apiCaller(kubeconfig);
});
afterAll(() => cluster?.close());

async function patch(path: string, change: object): Promise<void> {
  const { status, message } = await api('PATCH', path, change);
  expect([status, message]).toEqual([200, '']);
}

const podsNamed = (app: string) => podsOf(cluster, { namespace: SYSTEM, labelSelector: `app=${app}` });

describe('while all pods of a part are replaced', () => {
  /** As `kubectl rollout restart` does, and waits until only new pods are there. */
  async function restart(name: string): Promise<void> {
    const annotations = { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() };
    await patch(`/apis/apps/v1/namespaces/${SYSTEM}/deployments/${name}`, {
      spec: { template: { metadata: { annotations } } },
    });
    await rolledOut(cluster, SYSTEM, name);
  }

  test.each(['auth', 'sekisho-guard', 'sekisho-operator'])('%s: every request is answered', async (name) => {
    await using load = await edgeLoad(cluster, inject('mesh'));
    await load.more(10);
    await restart(name);
    await load.more(10);
    expect([...load.seen.keys()]).toEqual(['200']);
  });
});

test('the eviction API takes one pod of a part at a time', async () => {
  const evict = async (name: string) => {
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { namespace: SYSTEM, name } };
    return api('POST', `/api/v1/namespaces/${SYSTEM}/pods/${name}/eviction`, eviction);
  };
  const { replicas } = (await cluster.get('apps/v1', 'Deployment', SYSTEM, 'sekisho-guard'))['spec'] as {
    replicas: number;
  };
  try {
    await patch(GUARD, { spec: { replicas: 2 } });
    await rolledOut(cluster, SYSTEM, 'sekisho-guard');
    // Again, should one already have been replaced when the next was asked for.
    const refused = async () => {
      const pods = await podsNamed('sekisho-guard');
      const answers = await Promise.all(pods.map(({ metadata }) => evict(metadata.name)));
      return answers.find(({ status }) => status === 429);
    };
    const { message } = await waitFor('an eviction is refused', refused, LONG);
    expect(message).toContain("violate the pod's disruption budget");
  } finally {
    await patch(GUARD, { spec: { replicas } });
    await rolledOut(cluster, SYSTEM, 'sekisho-guard');
  }
});

test('a policy that is changed right after the operator was killed is enforced', async () => {
  const policy = await cluster.get('auth.sekisho.dev/v1alpha1', 'ServiceAuthPolicy', 'shop', 'bucket');
  const { rules } = policy['spec'] as { rules: readonly object[] };
  const answer = async () => outcome(await call(inject('mesh').gateway + OPENED));
  expect(await answer()).toBe('403 RBAC: access denied');
  const opened = { name: 'opened', to: [{ methods: ['GET'], paths: [OPENED] }], allow: { public: true } };
  try {
    for (const { metadata } of await podsNamed('sekisho-operator')) {
      const path = `/api/v1/namespaces/${SYSTEM}/pods/${metadata.name}?gracePeriodSeconds=0`;
      expect((await api('DELETE', path)).status).toBe(200);
    }
    await changeOnce(rules.concat(opened));
    await waitFor('Envoy lets it pass', async () => !(await answer()).startsWith('403 RBAC'), LONG);
  } finally {
    await changeOnce(rules);
  }
  await waitFor('Envoy denies it again', async () => (await answer()) === '403 RBAC: access denied', LONG);
});

/** The API server takes no policy while nobody checks it: the webhook is the operator's. */
async function changeOnce(rules: readonly object[]): Promise<void> {
  const taken = async () => (await api('PATCH', POLICY, { spec: { rules } })).status === 200;
  await waitFor('the API server takes the policy', taken, LONG);
}
