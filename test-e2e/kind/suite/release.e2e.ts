import { PLATFORM_NAMESPACE as SYSTEM } from '@sekisho/cdk8s';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { Cluster } from '../../mesh/cluster.ts';
import { setUpShop } from '../../mesh/shop-set-up.ts';
import { waitFor } from '../../mesh/wait.ts';
import { call, outcome } from '../../story/http.ts';
import { type StoryContext, settle, storyContext } from '../../story/index.ts';
import { edgeLoad } from '../edge-load.ts';
import { programmed } from '../mesh.ts';
import { isReady, podsOf } from '../pods.ts';
import { Release } from '../release.ts';

const PARTS = { operator: 'sekisho-operator', auth: 'auth', guard: 'sekisho-guard' } as const;
const ITEMS = '/api/bucket-items';
const DENIED = '403 RBAC: access denied';
const FORGED = '401 Jwt verification fails';
const LONG = { timeout: 240_000, every: 500 };

// Each verb of Helm waits until every pod is ready, on a machine that is busy with much else.
vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 1_800_000 });

const mesh = inject('mesh');
const release = new Release(inject('release'));
let cluster: Cluster;
beforeAll(() => {
  cluster = new Cluster(mesh.kubeconfig);
});
afterAll(() => cluster?.close());

const readyPods = async (app: string) =>
  (await podsOf(cluster, { namespace: SYSTEM, labelSelector: `app=${app}` })).filter(isReady);

/** What the upgrade writes on the pods of a part that are ready. */
const marksOf = async (app: string): Promise<ReadonlySet<string | undefined>> =>
  new Set((await readyPods(app)).map(({ metadata }) => metadata.annotations?.['sekisho-e2e']));

async function autoscalers(): Promise<readonly string[]> {
  const resource = await cluster.resource({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' });
  return (await cluster.client.list(resource, { namespace: SYSTEM })).items.map(({ metadata }) => metadata.name);
}

describe('an upgrade of every part, with an autoscaler for one, and the rollback of it', () => {
  const marks = Object.keys(PARTS).map((part) => `${part}.podAnnotations.sekisho-e2e=upgraded`);
  const scaled = ['enabled=true', 'min=2', 'max=3'].map((setting) => `auth.autoscaling.${setting}`);

  afterAll(() => release.upgrade());

  test('answer every request', async () => {
    await using load = await edgeLoad(cluster, mesh);
    await load.more(10);
    await release.upgrade([...marks, ...scaled]);
    for (const app of Object.values(PARTS)) expect(await marksOf(app), app).toEqual(new Set(['upgraded']));
    expect(await autoscalers()).toEqual(['auth']);
    // It needs no figures to have the fewest that it may.
    await waitFor('the autoscaler has two pods', async () => (await readyPods('auth')).length === 2, LONG);
    await release.rollback();
    for (const app of Object.values(PARTS)) expect(await marksOf(app), app).toEqual(new Set([undefined]));
    expect(await autoscalers()).toEqual([]);
    await load.more(10);
    expect([...load.seen.keys()]).toEqual(['200']);
  });
});

describe('after the chart was uninstalled', () => {
  let context: StoryContext;
  let token: string;
  let before: Awaited<ReturnType<typeof seen>>;
  beforeAll(async () => {
    context = await storyContext(mesh);
    token = await context.logIn(context.alice);
    before = await seen();
    await release.uninstall();
  });
  afterAll(async () => {
    await installAgain();
    await context?.close();
  });

  const seen = async () => ({ answers: await answers(), objects: await generated() });

  /** To a workload of the mesh by another: the gateways are the chart's, and went with it. */
  async function answers(): Promise<readonly string[]> {
    const url = `${mesh.workloads['user']?.egressProxy}${ITEMS}`;
    const headers = { host: 'bucket.shop' };
    const forged = token.replace(/.{20}$/, 'A'.repeat(20));
    return [
      await settle(url, { headers }, DENIED),
      await settle(url, { headers, token }, '200'),
      await settle(url, { headers, token: forged }, FORGED),
    ];
  }

  test('a request that was denied is denied, and one that was allowed is allowed', async () => {
    expect(before.answers).toEqual([DENIED, '200', FORGED]);
    expect(await readyPods(PARTS.operator)).toEqual([]);
    expect(await seen()).toEqual(before);
  });

  async function generated(): Promise<readonly string[]> {
    const kinds = ['AuthorizationPolicy', 'RequestAuthentication', 'PeerAuthentication'];
    const lists = kinds.map(async (kind) => {
      const resource = await cluster.resource({ apiVersion: 'security.istio.io/v1', kind });
      const { items } = await cluster.client.list(resource, { namespace: 'shop' });
      return items.map(({ metadata }) => `${kind} ${metadata.name}`);
    });
    const names = (await Promise.all(lists)).flat().sort();
    expect(names.length).toBeGreaterThan(kinds.length);
    return names;
  }
});

/** What its stores held is gone with them: its keys, its accounts, what the shop was allowed. */
async function installAgain(): Promise<void> {
  await release.upgrade();
  await programmed(cluster);
  await setUpShop(mesh.auth, mesh.web, inject('release').folder);
  const again = await storyContext(mesh);
  try {
    const served = async () => {
      const answer = await call(mesh.edge + ITEMS, { token: await again.logIn(again.alice) });
      return outcome(answer) === '200';
    };
    await waitFor('the new platform serves', served, LONG);
  } finally {
    await again.close();
  }
}
