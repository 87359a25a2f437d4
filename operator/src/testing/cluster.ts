import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connect,
  discover,
  KubeClient,
  type KubeObject,
  LeaderElection,
  type Resource,
  systemClock,
  type Transport,
} from '@sekisho/kube';
import { crds, readIssuerStatus, readPolicyStatus } from '@sekisho/policy';
import { createLogger, createMetrics } from '@sekisho/telemetry';
import { expect, vi } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { createFetchJson } from '../fetch-jwks.ts';
import { meshConfigFromFile } from '../observe/mesh-config.ts';
import { createOperator } from '../operator.ts';
import { GENERATED, ISSUERS, POLICIES } from '../resources.ts';
import { MESH } from './objects.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** Every operator acts on the whole API server, so only one test file at a time may run any: they elect each other. */
const EXCLUSIVE = { namespace: 'kube-system', name: 'operator-tests', leaseMs: 5_000 };

const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false };
const API_VERSION = 'auth.sekisho.dev/v1alpha1';

/** A real API server with all CRDs, a namespace per test, and operators that reach it through a proxy that can be cut. */
export class Cluster {
  readonly client: KubeClient;
  readonly proxy: TcpProxy;
  readonly issuerName = `platform-${randomBytes(4).toString('hex')}`;
  namespace = '';
  /** Istio's mesh config, in YAML. */
  meshConfig = 'pathNormalization: { normalization: DECODE_AND_MERGE_SLASHES }';
  /** Every call of the operators that was no read. */
  writes: string[] = [];
  readonly #admin: Transport;
  readonly #folder: string;
  readonly #leave = new AbortController();
  #exclusive: Promise<void> = Promise.resolve();
  #stop: () => Promise<void> = async () => undefined;

  private constructor(admin: Transport, proxy: TcpProxy, folder: string) {
    this.#admin = admin;
    this.client = new KubeClient(admin, { fieldManager: 'person' });
    this.proxy = proxy;
    this.#folder = folder;
  }

  static async open(files: { readonly kubeconfig: string; readonly istioCrds: string }): Promise<Cluster> {
    const folder = await mkdtemp(join(tmpdir(), 'operator-'));
    const kubeconfig = parse(await readFile(files.kubeconfig, 'utf8'));
    const [{ cluster }] = kubeconfig.clusters;
    const server = new URL(cluster.server);
    const proxy = await TcpProxy.start({ host: server.hostname, port: Number(server.port) });
    cluster.server = `https://127.0.0.1:${proxy.port}`;
    await writeFile(join(folder, 'kubeconfig'), JSON.stringify(kubeconfig));
    const opened = new Cluster(connect({ kubeconfig: files.kubeconfig }), proxy, folder);
    await opened.#enterExclusively();
    const istio = parseAllDocuments(await readFile(files.istioCrds, 'utf8')).map((document): unknown =>
      document.toJS(),
    );
    for (const definition of [...crds(), ...istio.filter(isObject)]) {
      await opened.client.apply(await discover(opened.client, definition), definition, { force: true });
    }
    return opened;
  }

  async close(): Promise<void> {
    await this.client.delete(ISSUERS, { name: this.issuerName });
    this.#leave.abort();
    await this.#exclusive;
    await this.proxy.close();
    await this.#admin.close();
    await rm(this.#folder, { recursive: true });
  }

  #enterExclusively(): Promise<void> {
    const onError = (error: unknown) => {
      throw error;
    };
    const election = new LeaderElection({ ...EXCLUSIVE, client: this.client, identity: this.issuerName, onError });
    return new Promise((entered) => {
      const lead = async (term: AbortSignal) => {
        entered();
        await once(term, 'abort');
      };
      this.#exclusive = election.run(lead, this.#leave.signal);
    });
  }

  async enterNamespace(): Promise<void> {
    this.namespace = `operator-${randomBytes(4).toString('hex')}`;
    await this.client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.namespace } });
  }

  async leaveNamespace(): Promise<void> {
    const { items } = await this.client.list(POLICIES, { namespace: this.namespace });
    for (const { metadata } of items) await this.client.delete(POLICIES, metadata);
  }

  /** Starts an operator; resolves when its caches are full. */
  async startOperator(): Promise<void> {
    const transport = connect({ kubeconfig: join(this.#folder, 'kubeconfig') });
    const keys = createFetchJson({ timeoutMs: 1_000, maxBytes: 256 * 1024 });
    this.writes = [];
    const operator = createOperator({
      client: new KubeClient(this.#counting(transport), { fieldManager: 'sekisho-operator' }),
      fetch: keys.fetch,
      events: { record: () => undefined },
      mesh: MESH,
      meshConfig: meshConfigFromFile(systemClock, async () => this.meshConfig, 50),
      jwksRefreshMs: 300_000,
      log: createLogger({ name: 'operator', level: 'silent' }),
      metrics: createMetrics({ processMetrics: false }),
      clock: systemClock,
      random: Math.random,
    });
    operator.start();
    this.#stop = async () => {
      await operator.stop(2_000);
      await keys.close();
      await transport.close();
    };
    await vi.waitFor(() => expect(operator.ready).toBe(true), 15_000);
  }

  stopOperator(): Promise<void> {
    return this.#stop();
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
      spec: { selector: { matchLabels: { app: name } }, issuers: [this.issuerName], rules, ...spec },
    };
  }

  async condition(name: string, type: string) {
    const { status } = await this.client.get(POLICIES, { namespace: this.namespace, name });
    return readPolicyStatus(status).conditions?.find((condition) => condition.type === type);
  }

  async programmed(name: string): Promise<void> {
    const isProgrammed = async () => expect(await this.condition(name, 'Programmed')).toMatchObject({ status: 'True' });
    await vi.waitFor(isProgrammed, 10_000);
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

  /** Writing comes to rest: what is still to be written is, and then nothing more for a second. */
  async quiet(): Promise<void> {
    const rests = async () => {
      const before = [...this.writes];
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect(this.writes).toEqual(before);
    };
    await vi.waitFor(rests, 10_000);
  }

  #counting(transport: Transport): Transport {
    return {
      close: () => transport.close(),
      send: (call) => {
        if (call.method !== 'GET') this.writes.push(`${call.method} ${call.path}`);
        return transport.send(call);
      },
    };
  }
}

function isObject(value: unknown): value is KubeObject {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
