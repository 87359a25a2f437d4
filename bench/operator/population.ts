import type { KubeClient, KubeObject } from '@sekisho/kube';
import { type BareCluster, waitFor } from '@sekisho/test-e2e/mesh';
import { inParallel } from '../in-parallel.ts';
import { apiLoad } from './api-load.ts';
import type { OperatorProcess } from './operator-process.ts';
import { POLICIES } from './plain-client.ts';
import { isProgrammed, NAMESPACE, policy } from './policies.ts';

const AT_ONCE = 32;
const PATIENCE = { timeout: 1_200_000, every: 500 };

/** What adding policies cost. Per policy, but for the time. */
export interface Growth {
  readonly seconds: number;
  readonly operatorCpuMs: number;
  readonly apiServerCpuMs: number;
  readonly requests: number;
  readonly events: number;
  readonly reconciles: number;
}

/** The policies of one run, and the operator that looks after them. */
export class Population {
  readonly #bare: BareCluster;
  #operator: OperatorProcess;
  #count = 0;

  constructor(bare: BareCluster, operator: OperatorProcess) {
    this.#bare = bare;
    this.#operator = operator;
  }

  get count(): number {
    return this.#count;
  }

  /** Adds policies and waits until the operator's cache holds all as programmed and nothing is left to do. */
  async grow(by: number): Promise<Growth> {
    const before = await this.#spent();
    const began = performance.now();
    const names = Array.from({ length: by }, (_, index) => `p${this.#count + index}`);
    await inParallel(names, AT_ONCE, (name) => this.#client.create(POLICIES, policy(name)));
    this.#count += by;
    await waitFor('all are programmed', async () => (await this.#programmed()) >= this.#count, {
      ...PATIENCE,
      every: by < 1_000 ? 50 : 500,
    });
    const seconds = (performance.now() - began) / 1000;
    await this.#idle();
    const after = await this.#spent();
    return {
      seconds,
      operatorCpuMs: ((after.cpu - before.cpu) * 1000) / by,
      apiServerCpuMs: ((after.api.cpuSeconds - before.api.cpuSeconds) * 1000) / by,
      requests: (after.api.requests - after.api.creations - before.api.requests + before.api.creations) / by,
      events: (after.api.events - before.api.events) / by,
      reconciles: (after.reconciles - before.reconciles) / by,
    };
  }

  /** Milliseconds from an edit until the status says that its generation is programmed, of several edits one after the other. */
  async change(times: number): Promise<readonly number[]> {
    const took: number[] = [];
    for (let edit = 0; edit < times; edit += 1) {
      const name = `p${(edit * 7919) % this.#count}`;
      const began = performance.now();
      const edited = await this.#client.apply(POLICIES, policy(name, `read-${took.length}-${this.#count}`), {
        force: true,
      });
      await this.#becomesProgrammed(edited);
      took.push(performance.now() - began);
    }
    return took;
  }

  /** How many objects a new operator process wrote. A policy that it programs last shows that it was through with all others. */
  async restart(start: () => Promise<OperatorProcess>): Promise<number> {
    await this.#idle();
    await this.#operator.stop();
    const before = await this.#versions();
    this.#operator = await start();
    await waitFor(
      'every policy was looked at',
      async () => (await this.#operator.metric('sekisho_reconcile_total')) >= this.#count,
      PATIENCE,
    );
    await this.#idle();
    await this.#becomesProgrammed(await this.#client.create(POLICIES, policy('fence')));
    const after = await this.#versions();
    return [...before].filter(([name, version]) => after.get(name) !== version).length;
  }

  /** Ends the operator. */
  stop(): Promise<void> {
    return this.#operator.stop();
  }

  /** Bytes of the operator's heap that are reachable. */
  retainedHeap(): Promise<number> {
    return this.#operator.retainedHeap();
  }

  get #client(): KubeClient {
    return this.#bare.cluster.client;
  }

  /** A watch costs the API server nothing while nothing happens; asking again and again would. */
  async #becomesProgrammed({ metadata }: KubeObject): Promise<void> {
    const { name, resourceVersion = '0' } = metadata;
    const query = { resourceVersion, namespace: NAMESPACE, fieldSelector: `metadata.name=${name}` };
    for await (const event of this.#client.watch(POLICIES, query)) {
      if (event.type !== 'BOOKMARK' && isProgrammed(event.object)) return;
    }
    throw new Error(`the watch of ${name} ended before it was programmed`);
  }

  #idle(): Promise<boolean> {
    const queues = () => this.#operator.metric('sekisho_queue_depth');
    return waitFor('nothing is left to do', async () => (await queues()) === 0, PATIENCE);
  }

  #programmed(): Promise<number> {
    return this.#operator.metric('sekisho_policies', 'condition="Programmed"', 'status="True"');
  }

  async #spent() {
    return {
      cpu: await this.#operator.metric('process_cpu_seconds_total'),
      reconciles: await this.#operator.metric('sekisho_reconcile_total'),
      api: await apiLoad(this.#client),
    };
  }

  async #versions(): Promise<ReadonlyMap<string, string>> {
    const { cluster } = this.#bare;
    const kinds = ['AuthorizationPolicy', 'RequestAuthentication', 'PeerAuthentication'];
    const generated = kinds.map((kind) => cluster.resource({ apiVersion: 'security.istio.io/v1', kind }));
    const resources = [POLICIES, ...(await Promise.all(generated))];
    const lists = await Promise.all(resources.map((each) => cluster.client.list(each, { namespace: NAMESPACE })));
    return new Map(
      lists
        .flatMap(({ items }) => items)
        .map(({ kind, metadata }) => [`${kind}/${metadata.name}`, metadata.resourceVersion ?? '']),
    );
  }
}
