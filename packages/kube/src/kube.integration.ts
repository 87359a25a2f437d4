import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { systemClock } from './clock.ts';
import { connect } from './connection.ts';
import {
  AlreadyExistsError,
  ConflictError,
  discover,
  EVENTS,
  EventRecorder,
  Informer,
  InvalidError,
  KubeClient,
  LEASES,
  LeaderElection,
  NotFoundError,
} from './index.ts';
import type { Resource } from './resource.ts';
import { CONFIG_MAPS } from './testing/objects.ts';

const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false };
const CRDS: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

const PATIENCE_MS = 90_000;
const suffix = randomBytes(4).toString('hex');
const namespace = `kube-${suffix}`;
const GATES: Resource = {
  group: `${suffix}.kube.test`,
  version: 'v1',
  plural: 'gates',
  kind: 'Gate',
  namespaced: true,
};
const transport = connect({ kubeconfig: inject('kubeconfig') });
const client = new KubeClient(transport, { fieldManager: 'kube-test' });
const other = new KubeClient(transport, { fieldManager: 'someone-else' });

const configMap = (name: string, data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});
const gate = <T extends object>(name: string, rest: T) => ({
  apiVersion: `${GATES.group}/v1`,
  kind: 'Gate',
  metadata: { name, namespace },
  ...rest,
});

function gateDefinition() {
  const schema = {
    openAPIV3Schema: {
      type: 'object',
      properties: {
        spec: { type: 'object', properties: { width: { type: 'integer', maximum: 9 } } },
        status: { type: 'object', properties: { open: { type: 'boolean' } } },
      },
    },
  };
  const additionalPrinterColumns = [{ name: 'Width', type: 'integer', jsonPath: '.spec.width' }];
  const version = { name: 'v1', served: true, storage: true, subresources: { status: {} } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `gates.${GATES.group}` },
    spec: {
      group: GATES.group,
      scope: 'Namespaced',
      names: { plural: 'gates', kind: 'Gate' },
      versions: [{ ...version, schema, additionalPrinterColumns }],
    },
  };
}

beforeAll(async () => {
  await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
});
afterAll(async () => {
  await client.delete(CRDS, { name: `gates.${GATES.group}` });
  await transport.close();
});

describe('informer', () => {
  const stop = new AbortController();
  afterEach(() => stop.abort());

  test('waits for a kind that is installed later, then follows it', async () => {
    const errors: unknown[] = [];
    const backoff = { baseMs: 50, maxMs: 200 };
    const onError = (error: unknown) => errors.push(error);
    const informer = new Informer({ client, resource: GATES, indexes: {}, onError, backoff });
    const running = informer.run(stop.signal);
    await vi.waitFor(() => expect(errors[0]).toMatchObject({ code: 'kind_unknown' }), PATIENCE_MS);
    await client.apply(CRDS, gateDefinition());
    await vi.waitFor(() => expect(informer.hasSynced).toBe(true), PATIENCE_MS);
    await client.apply(GATES, gate('a', { spec: { width: 3 } }));
    await vi.waitFor(() => expect(informer.store.get(`${namespace}/a`)?.spec).toEqual({ width: 3 }), PATIENCE_MS);
    const held = informer.store.get(`${namespace}/a`);
    await client.delete(GATES, { namespace, name: 'a' }, { uid: held?.metadata.uid });
    await vi.waitFor(() => expect(informer.store.size).toBe(0), PATIENCE_MS);
    stop.abort();
    await running;
  });
});

describe('client', () => {
  test('discovers where a kind is kept', async () => {
    // What is served is told of a moment later.
    const found = () => discover(client, { apiVersion: `${GATES.group}/v1`, kind: 'Gate' });
    expect(await vi.waitFor(found, PATIENCE_MS)).toEqual(GATES);
    expect(await discover(client, { apiVersion: 'v1', kind: 'ConfigMap' })).toEqual(CONFIG_MAPS);
    const none = discover(client, { apiVersion: 'v1', kind: 'Nothing' });
    await expect(none).rejects.toMatchObject({ code: 'kind_unknown' });
  });

  test('lists page by page', async () => {
    const labels = { page: 'yes' };
    for (const name of ['p1', 'p2', 'p3']) {
      const object = configMap(name, {});
      await client.create(CONFIG_MAPS, {
        ...object,
        metadata: { ...object.metadata, labels } as typeof object.metadata,
      });
    }
    const query = { namespace, labelSelector: 'page=yes', limit: 2 };
    const page = await client.page(CONFIG_MAPS, query);
    expect(page.items).toHaveLength(2);
    expect(page.continue).toBeDefined();
    const list = await client.list(CONFIG_MAPS, query);
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['p1', 'p2', 'p3']);
  });

  test('create refuses a name that is taken', async () => {
    await client.create(CONFIG_MAPS, configMap('taken', {}));
    await expect(client.create(CONFIG_MAPS, configMap('taken', {}))).rejects.toBeInstanceOf(AlreadyExistsError);
  });

  test('apply respects other managers unless forced, and drops what it no longer names', async () => {
    await client.apply(CONFIG_MAPS, configMap('shared', { ours: '1', gone: '1' }));
    await other.apply(CONFIG_MAPS, configMap('shared', { theirs: '1' }));
    const contested = configMap('shared', { ours: '2', theirs: '2' });
    await expect(client.apply(CONFIG_MAPS, contested)).rejects.toBeInstanceOf(ConflictError);
    const applied = await client.apply(CONFIG_MAPS, contested, { force: true });
    expect(applied['data']).toEqual({ ours: '2', theirs: '2' });
  });

  test('replace removes what others added', async () => {
    await client.apply(CONFIG_MAPS, configMap('whole', { ours: '1' }));
    await other.apply(CONFIG_MAPS, configMap('whole', { theirs: '1' }));
    expect((await client.replace(CONFIG_MAPS, configMap('whole', { ours: '1' })))['data']).toEqual({ ours: '1' });
  });

  test('status is applied beside the spec and never creates', async () => {
    await client.apply(GATES, gate('b', { spec: { width: 4 } }));
    const answer = await client.applyStatus(GATES, gate('b', { status: { open: true } }));
    expect(answer).toMatchObject({ spec: { width: 4 }, status: { open: true } });
    const missing = client.applyStatus(GATES, gate('missing', { status: { open: true } }));
    await expect(missing).rejects.toBeInstanceOf(NotFoundError);
  });

  test('an invalid object names its field', async () => {
    const wide = client.apply(GATES, gate('wide', { spec: { width: 10 } }));
    await expect(wide).rejects.toBeInstanceOf(InvalidError);
    await expect(wide).rejects.toThrow('spec.width');
  });

  test('a table shows the printer columns', async () => {
    await client.apply(GATES, gate('table', { spec: { width: 5 } }));
    const table = await client.table(GATES, { namespace });
    expect(table.columns.map(({ name }) => name)).toEqual(['Name', 'Width']);
    expect(table.rows).toContainEqual(['table', 5]);
  });

  test('delete spares a successor of the same name', async () => {
    const ref = { namespace, name: 'phoenix' };
    const first = await client.create(CONFIG_MAPS, configMap('phoenix', {}));
    await client.delete(CONFIG_MAPS, ref, { uid: first.metadata.uid });
    await client.create(CONFIG_MAPS, configMap('phoenix', {}));
    const late = client.delete(CONFIG_MAPS, ref, { uid: first.metadata.uid });
    await expect(late).rejects.toBeInstanceOf(ConflictError);
    await expect(client.get(CONFIG_MAPS, ref)).resolves.toBeDefined();
  });

  test('reads any path as text', async () => {
    expect(await client.raw('/readyz')).toBe('ok');
  });
});

describe('leader election', () => {
  /** A machine that stands still for a while costs nobody this one, nor does a call to it fail. */
  const LEASE_MS = 60_000;

  test('takes, renews and releases a real Lease, and hands it to the next', async () => {
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    const candidate = (identity: string) => {
      const election = new LeaderElection({ client, namespace, name: 'gate', identity, leaseMs: LEASE_MS, onError });
      const stop = new AbortController();
      const running = election.run(
        (term) => new Promise((ended) => term.addEventListener('abort', () => ended())),
        stop.signal,
      );
      return { election, stop, running };
    };
    const spec = async () => (await client.get(LEASES, { namespace, name: 'gate' })).spec;
    const a = candidate('a');
    await vi.waitFor(() => expect(a.election.isLeading).toBe(true), PATIENCE_MS);
    const taken = await spec();
    expect(taken).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: LEASE_MS / 1_000, leaseTransitions: 0 });
    const b = candidate('b');
    await vi.waitFor(async () => expect(await spec()).not.toEqual(taken), PATIENCE_MS);
    a.stop.abort();
    await a.running;
    await vi.waitFor(() => expect(b.election.isLeading).toBe(true), PATIENCE_MS);
    expect(await spec()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
    b.stop.abort();
    await b.running;
    expect(await spec()).not.toHaveProperty('holderIdentity');
    expect(errors).toEqual([]);
  });
});

describe('event recorder', () => {
  test('writes an Event that the API server takes, and its repetitions into the same one', async () => {
    const errors: unknown[] = [];
    let now = Date.now();
    const recorder = new EventRecorder({
      client,
      reporter: { controller: 'kube.test/gates', instance: 'pod_1' },
      onError: (error) => errors.push(error),
      clock: { ...systemClock, now: () => now },
    });
    const regarding = await client.apply(GATES, gate('eventful', { spec: { width: 1 } }));
    const facts = { regarding, type: 'Warning', reason: 'Repaired', action: 'Repair', note: '関'.repeat(500) } as const;
    const events = async () => (await client.list(EVENTS, { namespace })).items;
    recorder.record(facts);
    await vi.waitFor(async () => expect(await events()).toHaveLength(1), PATIENCE_MS);
    now += 60_000;
    recorder.record(facts);
    await vi.waitFor(async () => expect((await events())[0]).toMatchObject({ series: { count: 2 } }), PATIENCE_MS);
    expect(await events()).toMatchObject([
      {
        reason: 'Repaired',
        type: 'Warning',
        regarding: { kind: 'Gate', name: 'eventful', uid: regarding.metadata.uid },
      },
    ]);
    await recorder.stop(1_000);
    expect(errors).toEqual([]);
  });
});
