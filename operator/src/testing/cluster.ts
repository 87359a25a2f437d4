import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { expect, vi } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { GENERATED, ISSUERS, POLICIES } from '../resources.ts';
import { enterExclusively } from './exclusive.ts';
import { inParallel } from './in-parallel.ts';
import { type OperatorRun, type RunOptions, runOperator } from './run-operator.ts';
import { TcpProxy } from './tcp-proxy.ts';

export const NAMESPACES: Resource = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
};
const API_VERSION = 'auth.sekisho.dev/v1alpha1';

export interface ClusterFiles {
  /** An admin's. */
  readonly kubeconfig: string;
  /** YAML of several documents. */
  readonly istioCrds: string;
  /** No other test uses the API server. @default false */
  readonly ownServer?: boolean;
}

/** A real API server with all CRDs, a namespace per test, and operators that reach it through a proxy that can be cut. */
export class Cluster {
  readonly client: KubeClient;
  readonly proxy: TcpProxy;
  readonly issuerName = `platform-${randomBytes(4).toString('hex')}`;
  namespace = '';
  /** Istio's mesh config, in YAML. */
  meshConfig = 'pathNormalization: { normalization: DECODE_AND_MERGE_SLASHES }';
  readonly #files: ClusterFiles;
  readonly #admin: Transport;
  #folder = '';
  #leave: () => Promise<void> = async () => undefined;
  #run: OperatorRun | undefined;

  constructor(files: ClusterFiles) {
    this.#files = files;
    this.#admin = connect({ kubeconfig: files.kubeconfig });
    this.client = new KubeClient(this.#admin, { fieldManager: 'person' });
    const { hostname: host, port } = new URL(serverOf(readKubeconfig(files.kubeconfig)).server);
    this.proxy = new TcpProxy({ host, port: Number(port) });
  }

  /** Waits until no other test file uses the API server, where others may. */
  async open(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'operator-'));
    await this.proxy.listen();
    const kubeconfig = readKubeconfig(this.#files.kubeconfig);
    serverOf(kubeconfig).server = `https://127.0.0.1:${this.proxy.port}`;
    await writeFile(join(this.#folder, 'kubeconfig'), JSON.stringify(kubeconfig));
    if (!this.#files.ownServer) this.#leave = await enterExclusively(this.client, this.issuerName);
    for (const definition of [...crds(), ...(await definitionsIn(this.#files.istioCrds))]) {
      await this.client.apply(await discover(this.client, definition), definition, { force: true });
    }
    await vi.waitFor(() => this.#everyKindServed(), 30_000);
  }

  async close(): Promise<void> {
    await this.client.delete(ISSUERS, { name: this.issuerName });
    await this.#leave();
    await this.proxy.close();
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

  /** The one that runs, or ran last. */
  get operator(): OperatorRun {
    if (this.#run === undefined) throw new Error('no operator was started');
    return this.#run;
  }

  /** Every call of the operator that was no read. */
  get writes(): readonly string[] {
    return this.operator.calls.filter((call) => !call.startsWith('GET '));
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
  async programmed(name: string, timeoutMs = 30_000): Promise<void> {
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

  /** Writing comes to rest: what is still to be written is, and then nothing more for a second. */
  async quiet(): Promise<void> {
    const rests = async () => {
      const before = [...this.writes];
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect(this.writes).toEqual(before);
    };
    await vi.waitFor(rests, 30_000);
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
