import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  connect,
  discover,
  KubeClient,
  type KubeObject,
  type Manifest,
  type Resource,
  type Transport,
} from '@sekisho/kube';
import { crds, readIssuerStatus, readPolicyStatus } from '@sekisho/policy';
import { type Line, startLine } from '@sekisho/telemetry/testing';
import { expect, vi } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { GENERATED, ISSUERS, POLICIES } from '../resources.ts';
import { enterExclusively } from './exclusive.ts';
import { inParallel } from './in-parallel.ts';
import { type OperatorRun, type RunOptions, runOperator } from './run-operator.ts';

export const NAMESPACES: Resource = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
};
const API_VERSION = 'auth.sekisho.dev/v1alpha1';
/** For what comes at once on a machine that does nothing else. */
const PATIENCE_MS = 90_000;

export interface ClusterFiles {
  /** An admin's. */
  readonly kubeconfig: string;
  /** YAML of several documents. */
  readonly istioCrds: string;
  /** No other test uses the API server. @default false */
  readonly ownServer?: boolean;
}

/** A real API server with all CRDs, a namespace per test, and operators that reach it through a line that fails on demand. */
export class Cluster {
  readonly client: KubeClient;
  readonly issuerName = `platform-${randomBytes(4).toString('hex')}`;
  namespace = '';
  /** Istio's mesh config, in YAML. */
  meshConfig = 'pathNormalization: { normalization: DECODE_AND_MERGE_SLASHES }';
  readonly #files: ClusterFiles;
  readonly #admin: Transport;
  #folder = '';
  #leave: () => Promise<void> = async () => undefined;
  #line: Line | undefined;
  #run: OperatorRun | undefined;

  constructor(files: ClusterFiles) {
    this.#files = files;
    this.#admin = connect({ kubeconfig: files.kubeconfig });
    this.client = new KubeClient(this.#admin, { fieldManager: 'person' });
  }

  /** Waits until no other test file uses the API server, where others may. */
  async open(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'operator-'));
    const kubeconfig = readKubeconfig(this.#files.kubeconfig);
    const cluster = serverOf(kubeconfig);
    this.#line = await startLine(cluster.server);
    cluster.server = this.#line.url;
    await writeFile(join(this.#folder, 'kubeconfig'), JSON.stringify(kubeconfig));
    if (!this.#files.ownServer) this.#leave = await enterExclusively(this.client, this.issuerName);
    for (const definition of [...crds(), ...(await definitionsIn(this.#files.istioCrds))]) {
      await this.client.apply(await discover(this.client, definition), definition, { force: true });
    }
    await vi.waitFor(() => this.#everyKindServed(), PATIENCE_MS);
  }

  async close(): Promise<void> {
    await this.client.delete(ISSUERS, { name: this.issuerName });
    await this.#leave();
    await this.#line?.close();
    await this.#admin.close();
    await rm(this.#folder, { recursive: true });
  }

  async enterNamespace(): Promise<void> {
    this.namespace = `operator-${randomBytes(4).toString('hex')}`;
    await this.client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.namespace } });
  }

  async leaveNamespace(): Promise<void> {
    const { items } = await this.client.list(POLICIES, { namespace: this.namespace });
    await inParallel(items, ({ metadata }) => this.client.delete(POLICIES, metadata));
  }

  /** Resolves when the operator's caches are full. */
  async startOperator(options: Pick<RunOptions, 'jwksRefreshMs' | 'asking'> = {}): Promise<OperatorRun> {
    const kubeconfig = join(this.#folder, 'kubeconfig');
    this.#run = await runOperator({ ...options, kubeconfig, meshConfig: () => this.meshConfig });
    return this.#run;
  }

  /** From operators to the API server. */
  get line(): Line {
    if (this.#line === undefined) throw new Error('the cluster is not open');
    return this.#line;
  }

  /** The one that runs, or ran last. */
  get operator(): OperatorRun {
    if (this.#run === undefined) throw new Error('no operator was started');
    return this.#run;
  }

  /** Every call of the operator that was no read, of what belongs to this test. */
  get writes(): readonly string[] {
    const own = [`/namespaces/${this.namespace}/`, `/${this.issuerName}/`];
    return this.operator.calls.filter((call) => !call.startsWith('GET ') && own.some((part) => call.includes(part)));
  }

  /** Does nothing while none runs. */
  async stopOperator(): Promise<void> {
    await this.#run?.stop();
  }

  issuer(spec: object) {
    const issuer = `https://${this.issuerName}.sekisho.local`;
    return {
      apiVersion: API_VERSION,
      kind: 'TokenIssuer',
      metadata: { name: this.issuerName },
      spec: { issuer, ...spec },
    };
  }

  policy(name: string, spec: object = {}) {
    const rules = [{ name: 'read', to: [{ methods: ['GET'] }], allow: { permissions: { anyOf: ['bucket:read'] } } }];
    return {
      apiVersion: API_VERSION,
      kind: 'ServiceAuthPolicy',
      metadata: { name, namespace: this.namespace },
      // A name of its own: policies of other tests, in other namespaces, may be there as well.
      spec: {
        ...{ selector: { matchLabels: { app: name } }, service: this.namespace, issuers: [this.issuerName], rules },
        ...spec,
      },
    };
  }

  async condition(name: string, type: string) {
    const { status } = await this.client.get(POLICIES, { namespace: this.namespace, name });
    return readPolicyStatus(status).conditions?.find((condition) => condition.type === type);
  }

  /** Waits until the status says so of the generation that the API server holds. */
  async programmed(name: string, timeoutMs = PATIENCE_MS): Promise<void> {
    await vi.waitFor(async () => {
      const { metadata } = await this.client.get(POLICIES, { namespace: this.namespace, name });
      const observedGeneration = metadata.generation;
      expect(await this.condition(name, 'Programmed')).toMatchObject({ status: 'True', observedGeneration });
    }, timeoutMs);
  }

  /** Writes the whole policy, as `kubectl apply` does. */
  apply(policy: Manifest): Promise<KubeObject> {
    return this.client.apply(POLICIES, policy, { force: true });
  }

  /** Waits until the status of the issuer says of its only key that so many policies hold it: nothing is left to be counted then. */
  async counted(policies: number): Promise<void> {
    await vi.waitFor(async () => {
      expect((await this.issuerStatus()).keys).toMatchObject([{ policies, of: policies }]);
    }, PATIENCE_MS);
  }

  async issuerStatus() {
    return readIssuerStatus((await this.client.get(ISSUERS, { name: this.issuerName })).status);
  }

  /** Objects of every generated kind that a policy owns. */
  async generated(name: string): Promise<readonly KubeObject[]> {
    const query = { namespace: this.namespace };
    const lists = await Promise.all(Object.values(GENERATED).map((resource) => this.client.list(resource, query)));
    const all = lists.flatMap(({ items }) => items);
    return all.filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.name === name));
  }

  /** The one generated object whose kind and content match. */
  async generatedOne(name: string, kind: string, content = ''): Promise<KubeObject> {
    const all = await this.generated(name);
    const found = all.find((object) => object.kind === kind && JSON.stringify(object.spec).includes(content));
    if (!found) throw new Error(`no ${kind} with ${content}`);
    return found;
  }

  /** A definition that was just applied is served a moment later. */
  async #everyKindServed(): Promise<void> {
    const kinds = [ISSUERS, POLICIES, ...Object.values(GENERATED)];
    await Promise.all(kinds.map((kind) => this.client.page(kind, { limit: 1 })));
  }

  /**
   * Writing comes to rest: what is still to be written is, and then nothing more for a second. In steps, so that a process that stood
   * still comes to what had arrived meanwhile.
   */
  async quiet(): Promise<void> {
    const rests = async () => {
      const before = [...this.writes];
      for (let step = 0; step < 20; step += 1) await delay(50);
      expect(this.writes).toEqual(before);
    };
    await vi.waitFor(rests, PATIENCE_MS);
  }
}

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: { server: string } }[];
}

function readKubeconfig(path: string): Kubeconfig {
  return parse(readFileSync(path, 'utf8'));
}

function serverOf({ clusters }: Kubeconfig): { server: string } {
  const [first] = clusters;
  if (first === undefined) throw new Error('the kubeconfig names no cluster');
  return first.cluster;
}

async function definitionsIn(path: string): Promise<readonly KubeObject[]> {
  const documents = parseAllDocuments(await readFile(path, 'utf8'));
  return documents.map((document): unknown => document.toJS()).filter(isObject);
}

function isObject(value: unknown): value is KubeObject {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
