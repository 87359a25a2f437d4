import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Cluster } from '../../mesh/cluster.ts';
import { remove } from '../../mesh/remove.ts';
import { waitFor } from '../../mesh/wait.ts';
import { type ApiCall, apiCaller } from '../../suite/api-call.ts';
import { SUITE_NAMESPACE } from '../names.ts';
import { isReady, podsOf } from '../pods.ts';

const SYSTEM = 'sekisho-system';
/** Of the profile `restricted`, https://kubernetes.io/docs/concepts/security/pod-security-standards/. */
const RESTRICTED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

let cluster: Cluster;
let api: ApiCall;
beforeAll(() => {
  const { kubeconfig } = inject('mesh');
  cluster = new Cluster(kubeconfig);
  api = apiCaller(kubeconfig);
});
afterAll(() => cluster?.close());

/** A pod of the image of a sample; nothing but `securityContext` says as whom it runs. */
function podOf(namespace: string, securityContext: object) {
  const name = `hardening-${randomBytes(4).toString('hex')}`;
  const { cluster: place } = inject('mesh');
  if (place === undefined) throw new Error('the mesh runs in no cluster');
  const env = [{ name: 'LISTEN', value: '127.0.0.1:8080' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels: { 'sidecar.istio.io/inject': 'false' } },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'it', image: place.image, env, securityContext }],
    },
  };
}

/** As kubectl would create it, without keeping it. */
const tryIn = (namespace: string, securityContext: object) =>
  api('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, podOf(namespace, securityContext));

describe('the namespace of the platform', () => {
  test.each([
    ['a privileged container', { ...RESTRICTED, privileged: true, allowPrivilegeEscalation: true }],
    ['a container that may be root', { ...RESTRICTED, runAsNonRoot: false }],
    ['a container with a capability', { ...RESTRICTED, capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } }],
  ])('refuses %s', async (_, securityContext) => {
    const { status, message } = await tryIn(SYSTEM, securityContext);
    expect([status, message]).toEqual([403, expect.stringContaining('violates PodSecurity "restricted')]);
  });

  test('takes one that is restricted', async () => {
    expect((await tryIn(SYSTEM, RESTRICTED)).status).toBe(201);
  });

  test.each(['auth', 'sekisho-guard', 'sekisho-operator'])(
    'has %s ready without a writable root and without a capability',
    async (app) => {
      const ready = async () =>
        (await podsOf(cluster, { namespace: SYSTEM, labelSelector: `app=${app}` })).find(isReady);
      const pod = await waitFor(`a pod of ${app} is ready`, ready, { timeout: 240_000 });
      const spec = pod['spec'] as { securityContext: object; containers: readonly { securityContext: object }[] };
      expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65_532 });
      for (const { securityContext } of spec.containers) {
        expect(securityContext).toMatchObject({ readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
      }
    },
  );
});

/** The kubelet reads the user of the image, and starts nothing where that is root or only a name. */
test('an image says by itself that it is not root, and writes nowhere', async () => {
  const pod = podOf(SUITE_NAMESPACE, RESTRICTED);
  try {
    await cluster.apply([pod]);
    const running = async () => isReady(await cluster.get('v1', 'Pod', pod.metadata.namespace, pod.metadata.name));
    expect(await waitFor('the image runs', running, { timeout: 240_000, every: 500 })).toBe(true);
  } finally {
    await remove(cluster, pod);
  }
});
