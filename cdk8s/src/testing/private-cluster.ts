import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { connect, discover, KubeClient, type Manifest, pathOf, type Transport, withQuery } from '@sekisho/kube';
import { crds } from '@sekisho/policy';
import { Yaml } from 'cdk8s';
import { inject, vi } from 'vitest';

const WAIT = { timeout: 60_000, interval: 50 };

/** What the API server answers: an object, or the Status that says why not. */
export interface Answer {
  readonly status: number;
  readonly body: { readonly message?: string; readonly [field: string]: unknown };
}

/** An API server of a test file's own, which knows every kind that is rendered. */
export class PrivateCluster {
  readonly #close: () => Promise<void>;
  readonly #transport: Transport;
  readonly #client: KubeClient;

  private constructor(transport: Transport, close: () => Promise<void>) {
    this.#transport = transport;
    this.#client = new KubeClient(transport, { fieldManager: 'person' });
    this.#close = close;
  }

  static async open(): Promise<PrivateCluster> {
    const { program, order, env } = inject('privateControlPlane');
    const apiServer = fork(program, [order], { env, stdio: ['ignore', 2, 2, 'ipc'] });
    const [{ kubeconfig }] = (await once(apiServer, 'message')) as [{ readonly kubeconfig: string }];
    const transport = connect({ kubeconfig });
    const cluster = new PrivateCluster(transport, async () => {
      await transport.close();
      const exited = once(apiServer, 'exit');
      apiServer.disconnect();
      await exited;
    });
    await cluster.apply(definitions());
    return cluster;
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** A kind is served a moment after it is defined: waits for it. */
  async apply(manifests: readonly Manifest[]): Promise<void> {
    for (const manifest of manifests) {
      const resource = await vi.waitFor(() => discover(this.#client, manifest), WAIT);
      await vi.waitFor(() => this.#client.apply(resource, manifest, { force: true }), WAIT);
    }
  }

  /** Whether it would be created, with every field known. */
  async dryRun(manifest: Manifest): Promise<Answer> {
    const resource = await vi.waitFor(() => discover(this.#client, manifest), WAIT);
    const path = pathOf(resource, { namespace: manifest.metadata.namespace });
    return this.post(withQuery(path, { dryRun: 'All', fieldValidation: 'Strict' }), manifest);
  }

  /** @param user who asks, where it is not an administrator; a ServiceAccount is in its groups by itself */
  async post(path: string, body: unknown, user?: string): Promise<Answer> {
    const headers = { 'content-type': 'application/json', ...(user !== undefined && { 'impersonate-user': user }) };
    const signal = AbortSignal.timeout(60_000);
    const call = { method: 'POST', path, lane: 'request', headers, body: JSON.stringify(body), signal } as const;
    const reply = await this.#transport.send(call);
    return { status: reply.status, body: (await json(Readable.from(reply.body))) as Answer['body'] };
  }
}

function definitions(): readonly Manifest[] {
  return [...crds(), ...[inject('istioCrds'), inject('gatewayCrds')].flatMap((path) => Yaml.load(path))];
}
