import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { connect, discover, KubeClient, type Manifest, pathOf, type Transport, withQuery } from '../index.ts';
import { ControlPlane, type ControlPlaneOrder } from './control-plane.ts';

/** What the API server answers: an object, or the Status that says why not. */
export interface Answer {
  readonly status: number;
  readonly body: { readonly message?: string; readonly [field: string]: unknown };
}

/** An API server of a test file's own, asked as its administrator. */
export class PrivateCluster {
  readonly kubeconfig: string;
  readonly transport: Transport;
  readonly client: KubeClient;
  readonly #controlPlane: ControlPlane;

  private constructor(controlPlane: ControlPlane) {
    this.#controlPlane = controlPlane;
    this.kubeconfig = controlPlane.kubeconfig;
    this.transport = connect({ kubeconfig: this.kubeconfig });
    this.client = new KubeClient(this.transport, { fieldManager: 'person' });
  }

  /** @param definitions of the kinds that it knows beside its own */
  static async open(order: ControlPlaneOrder, definitions: readonly Manifest[]): Promise<PrivateCluster> {
    const cluster = new PrivateCluster(await ControlPlane.start(order));
    await cluster.apply(definitions);
    return cluster;
  }

  async close(): Promise<void> {
    await this.transport.close();
    await this.#controlPlane.close();
  }

  /** A kind is served a moment after it is defined: waits for it. */
  async apply(manifests: readonly Manifest[]): Promise<void> {
    for (const manifest of manifests) await eventually(() => this.#applyOne(manifest));
  }

  /** What tests make has a uid and an age, which only the API server gives. */
  async #applyOne({ metadata: { uid: _, creationTimestamp: __, ...metadata }, ...rest }: Manifest): Promise<void> {
    await this.client.apply(await discover(this.client, rest), { ...rest, metadata }, { force: true });
  }

  /** Whether it would be created, with every field known. */
  async dryRun(manifest: Manifest): Promise<Answer> {
    const resource = await eventually(() => discover(this.client, manifest));
    const path = pathOf(resource, { namespace: manifest.metadata.namespace });
    return this.post(withQuery(path, { dryRun: 'All', fieldValidation: 'Strict' }), manifest);
  }

  /** @param user who asks, where it is not an administrator; a ServiceAccount is in its groups by itself */
  async post(path: string, body: unknown, user?: string): Promise<Answer> {
    const headers = { 'content-type': 'application/json', ...(user !== undefined && { 'impersonate-user': user }) };
    const signal = AbortSignal.timeout(60_000);
    const call = { method: 'POST', path, lane: 'request', headers, body: JSON.stringify(body), signal } as const;
    const reply = await this.transport.send(call);
    return { status: reply.status, body: (await json(Readable.from(reply.body))) as Answer['body'] };
  }
}

/** The objects of YAML files. */
export async function manifestsIn(...paths: readonly string[]): Promise<readonly Manifest[]> {
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  const documents = texts.flatMap((text) =>
    parseAllDocuments(text).map((document): Manifest | null => document.toJS()),
  );
  return documents.filter((document) => document !== null);
}

/** Until it succeeds, for a minute at most. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  const end = performance.now() + 60_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > end) throw error;
      await setTimeout(50);
    }
  }
}
