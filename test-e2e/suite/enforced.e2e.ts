import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { lacks } from '../kind/exceptions.ts';
import { frozen, frozenEnvoy } from '../mesh/frozen.ts';
import { killed } from '../mesh/killed.ts';
import { waitFor } from '../mesh/wait.ts';
import { call, outcome } from '../story/http.ts';
import { type StoryContext, storyContext } from '../story/index.ts';
import { type Condition, Policies } from '../story/policies.ts';

const ITEMS = '/api/bucket-items';
const DENIED = '403 RBAC: access denied';
const LONG = 120_000;

/** Every request of the gateway to the bucket service on a connection of its own. */
const ONE_REQUEST_EACH = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name: 'one-request-each', namespace: 'shop' },
  spec: {
    host: 'bucket.shop.svc.cluster.local',
    trafficPolicy: { connectionPool: { http: { maxRequestsPerConnection: 1 } } },
  },
};

/** A filter without a value that Envoy demands: it refuses the whole inbound listener. */
const BROKEN_FILTER = {
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'EnvoyFilter',
  metadata: { name: 'broken', namespace: 'shop' },
  spec: {
    workloadSelector: { labels: { app: 'bucket' } },
    configPatches: [
      {
        applyTo: 'HTTP_FILTER',
        match: {
          context: 'SIDECAR_INBOUND',
          listener: { filterChain: { filter: { name: 'envoy.filters.network.http_connection_manager' } } },
        },
        patch: {
          operation: 'INSERT_FIRST',
          value: {
            name: 'broken',
            typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer' },
          },
        },
      },
    ],
  },
};

let context: StoryContext;
let policies: Policies;
let token: string;

beforeAll(async () => {
  context = await storyContext(inject('mesh'));
  policies = new Policies(context.cluster);
  await context.cluster.apply([ONE_REQUEST_EACH]);
  await waitFor('the gateway opens a connection for each request', gatewayIsTold, { timeout: LONG });
});
/** One that outlives the test, however long the others took. */
beforeEach(async () => {
  token = await waitFor('a log-in', () => context.logIn(context.alice), { timeout: LONG });
});
afterEach(async () => {
  await policies.reset();
  for (const name of ['bucket', 'user']) await policies.enforced('shop', name, LONG);
});
afterAll(async () => {
  if (context === undefined) return;
  await context.cluster.client.delete(await context.cluster.resource(ONE_REQUEST_EACH), ONE_REQUEST_EACH.metadata);
  await context.close();
});

async function gatewayIsTold(): Promise<boolean> {
  const gateway = Object.entries(context.mesh.workloads).find(([, { app }]) => app === undefined)?.[1];
  const dump = await fetch(`${gateway?.envoyAdmin}/config_dump?resource=dynamic_active_clusters`);
  return (await dump.text()).includes('"max_requests_per_connection": 1');
}

const answer = async (): Promise<string> => outcome(await call(context.mesh.gateway + ITEMS, { token }));

/** Ids of the proxies that are connected to an istiod. */
async function proxiesOf(istiod: string): Promise<readonly string[]> {
  const rows = (await (await fetch(`${istiod}/debug/syncz`)).json()) as readonly { readonly proxy: string }[];
  return rows.map(({ proxy }) => proxy);
}

async function eachAtItsOwn(): Promise<boolean> {
  const knowing = await Promise.all(context.mesh.istiods.map(proxiesOf));
  const knows = (id: string) => knowing.map((ids) => ids.includes(id));
  return isDeepStrictEqual(
    [knows('bucket-1.shop'), knows('user-1.shop')],
    [
      [true, false],
      [false, true],
    ],
  );
}

/** Waits until the condition says this. */
const said = (reason: string, policy = 'bucket'): Promise<Condition> =>
  waitFor(
    `Enforced says ${reason} of ${policy}`,
    async () => {
      const condition = await policies.condition('shop', policy, 'Enforced');
      return condition.reason === reason ? condition : undefined;
    },
    { timeout: LONG },
  );

describe('Enforced', { timeout: 5 * LONG }, () => {
  test.each([1, 2, 3])('once True, the very next connection obeys, round %i', async () => {
    await policies.askFor('bucket:audit');
    await policies.enforced('shop', 'bucket', LONG);
    expect(await answer()).toBe(DENIED);
    await policies.askFor('bucket:read');
    await policies.enforced('shop', 'bucket', LONG);
    expect(await answer()).toBe('200');
  });

  test.skipIf(lacks(inject('mesh'), 'stopped processes'))(
    'stays False while an Envoy stands still, and names it',
    async () => {
      const condition = await frozenEnvoy(context.mesh, 'bucket', async () => {
        await policies.askFor('bucket:audit');
        return said('ProxiesBehind');
      });
      expect(condition).toMatchObject({ status: 'False', message: expect.stringContaining('bucket-1.shop') });
      await policies.enforced('shop', 'bucket', LONG);
      expect(await answer()).toBe(DENIED);
    },
  );

  test('stays False where Envoy refuses its listeners, and says why', async () => {
    await context.cluster.apply([BROKEN_FILTER]);
    try {
      await policies.askFor('bucket:audit');
      const condition = await said('ProxiesRejecting');
      expect(condition).toMatchObject({ status: 'False', message: expect.stringMatching(/bucket-[\w-]+\.shop/) });
      expect(condition.message).toContain('MaxRequestBytes');
      // The truth of it: the old policy still decides.
      expect(await answer()).toBe('200');
    } finally {
      await context.cluster.client.delete(await context.cluster.resource(BROKEN_FILTER), BROKEN_FILTER.metadata);
    }
    await policies.enforced('shop', 'bucket', LONG);
    expect(await answer()).toBe(DENIED);
  });

  test.skipIf(lacks(inject('mesh'), 'stopped processes'))(
    'is Unknown while istiod stands still, for what was changed meanwhile, and recovers alone',
    async () => {
      const condition = await frozen(context.mesh, 'istiod', async () => {
        await policies.askFor('bucket:audit');
        return said('IstiodUnreachable');
      });
      expect(condition.status).toBe('Unknown');
      expect((await policies.condition('shop', 'user', 'Enforced')).status).toBe('True');
      await policies.enforced('shop', 'bucket', LONG);
      expect(await answer()).toBe(DENIED);
    },
  );

  test.skipIf(lacks(inject('mesh'), 'changes without istiod'))(
    'is Unknown while istiod is gone, and recovers alone',
    async () => {
      const condition = await killed(context.mesh, 'istiod', async () => {
        await policies.askFor('bucket:audit');
        return said('IstiodUnreachable');
      });
      expect(condition.status).toBe('Unknown');
      await policies.enforced('shop', 'bucket', LONG);
      expect(await answer()).toBe(DENIED);
    },
  );

  test.skipIf(lacks(inject('mesh'), 'an istiod for each workload'))(
    'asks both istiods, for each knows only its own proxies',
    async () => {
      await waitFor('bucket is connected to one istiod alone, and user to the other', eachAtItsOwn, { timeout: LONG });
      const condition = await frozen(context.mesh, 'istiod-2', async () => {
        await policies.edit('shop', 'user', ({ rules }) =>
          rules.push({ name: 'more', allow: { authenticated: true } }),
        );
        await policies.askFor('bucket:audit');
        await policies.enforced('shop', 'bucket', LONG);
        expect(await answer()).toBe(DENIED);
        return said('IstiodUnreachable', 'user');
      });
      expect(condition).toMatchObject({ status: 'Unknown', message: expect.stringContaining('user-1.shop') });
      await policies.enforced('shop', 'user', LONG);
    },
  );
});
