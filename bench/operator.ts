import { setTimeout as delay } from 'node:timers/promises';
import type { KubeObject, Resource } from '@sekisho/kube';
import { Cluster, killed, type MeshInfo, runningMesh, startMesh, stopMesh, waitFor } from '@sekisho/test-e2e/mesh';
import { type Figure, percentile, publish } from './report.ts';

/**
 * The operator with 10, 100 and more policies on the mesh's kube-apiserver, with istiod beside it as on a cluster: time until all are
 * programmed, one change among them, and a restart that must write nothing. `POLICIES=5000 make bench-operator` goes further than 1,000.
 */
const SIZES = [10, 100, Number(process.env['POLICIES'] ?? 1_000)] as const;
const NAMESPACE = 'bench';
const API_VERSION = 'auth.sekisho.dev/v1alpha1';
const AT_ONCE = 32;
const CHANGES = 20;

class Bench {
  readonly #mesh: MeshInfo;
  readonly #cluster: Cluster;
  readonly #resource: Resource;

  constructor(mesh: MeshInfo, cluster: Cluster, resource: Resource) {
    this.#mesh = mesh;
    this.#cluster = cluster;
    this.#resource = resource;
  }

  /** Seconds from the first create until the operator's cache holds all of them as programmed. */
  async create(from: number, to: number): Promise<number> {
    const before = await this.#programmed();
    const began = performance.now();
    const names = Array.from({ length: to - from }, (_, index) => `p${from + index}`);
    await inParallel(names, (name) => this.#cluster.client.create(this.#resource, policy(name, 'read')));
    await waitFor('all are programmed', async () => (await this.#programmed()) >= before + names.length, {
      timeout: 600_000,
      every: 250,
    });
    return (performance.now() - began) / 1000;
  }

  /** Milliseconds from an edit until the status says that its generation is programmed, of several edits. */
  async change(count: number): Promise<readonly number[]> {
    const times: number[] = [];
    for (let edit = 0; edit < CHANGES; edit += 1) {
      const name = `p${(edit * 7919) % count}`;
      const began = performance.now();
      await this.#cluster.client.apply(this.#resource, policy(name, `read-${edit}`), { force: true });
      while (!isProgrammed(await this.#cluster.client.get(this.#resource, { namespace: NAMESPACE, name })))
        await delay(5);
      times.push(performance.now() - began);
    }
    return times;
  }

  /** How many objects changed while a new operator process looked at all of them. */
  async restart(count: number): Promise<number> {
    const before = await this.#versions();
    await killed(this.#mesh, 'operator', async () => undefined);
    await waitFor('every policy was looked at', async () => (await this.metric('sekisho_reconcile_total')) >= count, {
      timeout: 300_000,
      every: 200,
    });
    await delay(1_000);
    const after = await this.#versions();
    return [...after].filter(([name, version]) => before.get(name) !== version).length;
  }

  async remove(count: number): Promise<void> {
    const names = Array.from({ length: count }, (_, index) => `p${index}`);
    await inParallel(names, (name) => this.#cluster.client.delete(this.#resource, { namespace: NAMESPACE, name }));
    await waitFor('what was generated is gone', async () => (await this.#versions()).size === 0, {
      timeout: 300_000,
      every: 500,
    });
  }

  /** The sum over all labels that `matching` allows. */
  async metric(name: string, matching = ''): Promise<number> {
    const text = await (await fetch(`${this.#mesh.operator}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    return lines
      .filter((line) => line.includes(matching))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  #programmed(): Promise<number> {
    return this.metric('sekisho_policies', 'condition="Programmed",status="True"');
  }

  async #versions(): Promise<ReadonlyMap<string, string>> {
    const kinds = ['AuthorizationPolicy', 'RequestAuthentication', 'PeerAuthentication'];
    const resources = await Promise.all(
      kinds.map((kind) => this.#cluster.resource({ apiVersion: 'security.istio.io/v1', kind })),
    );
    const lists = await Promise.all(
      [this.#resource, ...resources].map((resource) => this.#cluster.client.list(resource, { namespace: NAMESPACE })),
    );
    return new Map(
      lists
        .flatMap(({ items }) => items)
        .map(({ kind, metadata }) => [`${kind}/${metadata.name}`, metadata.resourceVersion ?? '']),
    );
  }
}

function policy(name: string, permission: string): KubeObject {
  const spec = {
    selector: { matchLabels: { app: name } },
    issuers: ['platform'],
    mtls: 'Strict',
    rules: [
      {
        name: 'read',
        to: [{ methods: ['GET'], paths: ['/api/items', '/api/items/{*}'] }],
        allow: { permissions: { anyOf: [permission] } },
      },
      {
        name: 'write',
        to: [{ methods: ['POST'] }],
        allow: { permissions: { allOf: ['write', permission] }, roles: { anyOf: ['admin'] } },
      },
      { name: 'health', to: [{ methods: ['GET'], paths: ['/healthz'] }], allow: { public: true } },
    ],
  };
  return { apiVersion: API_VERSION, kind: 'ServiceAuthPolicy', metadata: { name, namespace: NAMESPACE }, spec };
}

function isProgrammed({ metadata, status }: KubeObject): boolean {
  const conditions = (
    status as { conditions?: { type: string; status: string; observedGeneration: number }[] } | undefined
  )?.conditions;
  const found = conditions?.find(({ type }) => type === 'Programmed');
  return found?.status === 'True' && found.observedGeneration === metadata.generation;
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}

async function measure(bench: Bench): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  const perPolicy: number[] = [];
  const [memory, cpu] = [
    await bench.metric('process_resident_memory_bytes'),
    await bench.metric('process_cpu_seconds_total'),
  ];
  let count = 0;
  for (const size of SIZES) {
    const seconds = await bench.create(count, count + size);
    count += size;
    perPolicy.push((seconds * 1000) / size);
    const target = size === 1_000 ? { target: { relation: '<=', value: 10 } as const } : {};
    figures.push({ name: `${size} policies, first create to all programmed`, value: seconds, unit: 's', ...target });
  }
  const [, small = Number.NaN, large = Number.NaN] = perPolicy;
  const growth = { name: 'cost per policy, largest', value: large / small, unit: 'x', against: '100 policies' };
  figures.push({ ...growth, target: { relation: '<=', value: 1.2 } });
  const used = (await bench.metric('process_resident_memory_bytes')) - memory;
  figures.push({ name: 'resident memory per policy', value: used / count / 1024, unit: 'KiB' });
  const spent = (await bench.metric('process_cpu_seconds_total')) - cpu;
  figures.push({ name: "operator's CPU per policy", value: (spent * 1000) / count, unit: 'ms' });
  const changes = await bench.change(count);
  const among = `one change among ${count}, edit to programmed`;
  figures.push({ name: `${among}, median`, value: percentile(changes, 0.5), unit: 'ms' });
  figures.push({
    name: `${among}, maximum`,
    value: Math.max(...changes),
    unit: 'ms',
    target: { relation: '<=', value: 1_000 },
  });
  const written = {
    name: `objects written by a restart with ${count} unchanged`,
    value: await bench.restart(count),
    unit: '',
  };
  figures.push({ ...written, target: { relation: '<=', value: 0 } });
  await bench.remove(count);
  return figures;
}

const started = runningMesh() === undefined;
const mesh = runningMesh() ?? (await startMesh((line) => console.log(`  ${line}`)));
const cluster = new Cluster(mesh.kubeconfig);
try {
  await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }]);
  const resource = await cluster.resource({ apiVersion: API_VERSION, kind: 'ServiceAuthPolicy' });
  publish('operator', await measure(new Bench(mesh, cluster, resource)));
} finally {
  await cluster.close();
  if (started) await stopMesh();
}
