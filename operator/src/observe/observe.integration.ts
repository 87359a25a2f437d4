import { systemClock } from '@sekisho/kube';
import { readPolicyStatus } from '@sekisho/policy';
import { createLogger } from '@sekisho/telemetry';
import { describe, expect, test, vi } from 'vitest';
import { Outages } from '../outages.ts';
import { CONFIG_MAPS, GENERATED, POLICIES, WORKLOAD_ENTRIES } from '../resources.ts';
import { useCluster } from '../testing/use-cluster.ts';
import { meshConfigFromMap } from './mesh-config.ts';

const GUARD = `
pathNormalization: { normalization: DECODE_AND_MERGE_SLASHES }
extensionProviders:
  - name: sekisho-hop
    envoyExtAuthzHttp: { service: guard.sekisho-system.svc.cluster.local, port: 8080, timeout: 0.25s }
`;

const PATIENCE_MS = 90_000;

const cluster = useCluster();
const ref = (name: string) => ({ namespace: cluster.namespace, name });
const workload = (name: string, labels: object) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'WorkloadEntry',
  metadata: ref(name),
  spec: { address: '127.0.0.9', serviceAccount: 'bucket', labels },
});
const becomes = (name: string, type: string, wanted: object) =>
  vi.waitFor(async () => expect(await cluster.condition(name, type)).toMatchObject(wanted), PATIENCE_MS);
const selected = async (name: string) =>
  readPolicyStatus((await cluster.client.get(POLICIES, ref(name))).status).workloads?.selected;

describe('what stands around a policy', () => {
  test('is in its status: workloads as they come and go, and policies of others on them', async () => {
    await cluster.client.create(POLICIES, cluster.policy('bucket'));
    await becomes('bucket', 'Warning', { status: 'True', reason: 'NoWorkloads' });
    await cluster.client.create(WORKLOAD_ENTRIES, workload('a', { app: 'bucket' }));
    await becomes('bucket', 'Warning', { status: 'False', reason: 'NothingToWarnOf' });
    expect(await selected('bucket')).toBe(1);
    const kind = { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy' };
    const foreign = { ...kind, metadata: ref('open'), spec: { rules: [{}] } };
    await cluster.client.create(GENERATED.AuthorizationPolicy, foreign);
    await becomes('bucket', 'Warning', { status: 'True', reason: 'ForeignAllow' });
    await cluster.client.delete(GENERATED.AuthorizationPolicy, ref('open'));
    await becomes('bucket', 'Warning', { status: 'False' });
    await cluster.client.delete(WORKLOAD_ENTRIES, ref('a'));
    await becomes('bucket', 'Warning', { reason: 'NoWorkloads' });
    await cluster.quiet();
  });

  test('is there at once after a restart, which writes nothing', async () => {
    await cluster.client.create(WORKLOAD_ENTRIES, workload('a', { app: 'bucket' }));
    await cluster.client.create(POLICIES, cluster.policy('bucket'));
    await becomes('bucket', 'Warning', { status: 'False' });
    await cluster.programmed('bucket');
    await cluster.counted(1);
    await cluster.quiet();
    await cluster.stopOperator();
    await cluster.startOperator();
    await cluster.quiet();
    expect(cluster.writes).toEqual([]);
  });

  test('of a Gateway are the proxies that carry its name', async () => {
    const labels = { 'gateway.networking.k8s.io/gateway-name': 'public' };
    await cluster.client.create(WORKLOAD_ENTRIES, workload('proxy', labels));
    const targetRefs = [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public' }];
    const { selector: _, ...spec } = cluster.policy('front').spec;
    const policy = { ...cluster.policy('front'), spec: { ...spec, targetRefs } };
    await cluster.client.create(POLICIES, policy);
    await cluster.programmed('front');
    await vi.waitFor(async () => expect(await selected('front')).toBe(1), PATIENCE_MS);
    for (const object of await cluster.generated('front')) expect(object.spec).toMatchObject({ targetRefs });
  });
});

describe('a policy that asks the guard', () => {
  const asking = { revocation: { check: 'EveryHop' } };

  test('is written when the mesh config names the provider, and stays as it is when it no longer does', async () => {
    const { meshConfig } = cluster;
    await cluster.client.create(POLICIES, cluster.policy('bucket', asking));
    await becomes('bucket', 'Accepted', { status: 'False', reason: 'ProviderMissing' });
    expect((await cluster.generated('bucket')).map(({ spec }) => spec)).toMatchObject([
      { action: 'DENY', rules: [{}] },
    ]);
    cluster.meshConfig = GUARD;
    await cluster.programmed('bucket');
    const whole = await cluster.generated('bucket');
    expect(JSON.stringify(whole)).toContain('sekisho-hop');
    cluster.meshConfig = meshConfig;
    await becomes('bucket', 'Accepted', { status: 'False', reason: 'ProviderMissing' });
    expect(await cluster.generated('bucket')).toEqual(whole);
  });
});

test('the mesh config is read from its ConfigMap, and the last one kept when that is gone', async () => {
  const stop = new AbortController();
  const { client } = cluster;
  const lines: string[] = [];
  const log = createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } });
  const outages = new Outages({ log, clock: systemClock });
  const source = meshConfigFromMap({ client, clock: systemClock, random: () => 0.5, outages }, ref('istio'));
  const running = source.run(stop.signal);
  try {
    await source.synced();
    expect(source.state).toEqual({ problem: `ConfigMap ${cluster.namespace}/istio has no key mesh` });
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: ref('istio'), data: { mesh: GUARD } };
    await client.create(CONFIG_MAPS, map);
    const another = { ...map, metadata: ref('another'), data: { mesh: 'trustDomain: x' } };
    await client.create(CONFIG_MAPS, another);
    await vi.waitFor(
      () => expect(source.state.config?.providers).toMatchObject([{ name: 'sekisho-hop' }]),
      PATIENCE_MS,
    );
    await client.delete(CONFIG_MAPS, ref('istio'));
    await vi.waitFor(() => expect(source.state.problem).toContain('has no key mesh'), PATIENCE_MS);
    expect(source.state.config?.providers).toHaveLength(1);
  } finally {
    stop.abort();
    await running;
  }
  expect(lines).toEqual([]);
});
