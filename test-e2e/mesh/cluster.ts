import { connect, discover, KubeClient, type KubeObject, type Manifest, type Resource } from '@sekisho/kube';
import { waitFor } from './wait.ts';

const CRD: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};
const SERVICE_ACCOUNT: Resource = {
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  namespaced: true,
};
const MONTH_SECONDS = 30 * 24 * 3600;

/** What `kubectl` is to a person: applies any manifest, mints tokens, waits. */
export class Cluster {
  readonly client: KubeClient;
  readonly #transport: ReturnType<typeof connect>;
  readonly #resources = new Map<string, Promise<Resource>>();

  constructor(kubeconfig: string) {
    this.#transport = connect({ kubeconfig });
    this.client = new KubeClient(this.#transport, { fieldManager: 'sekisho-local-mesh' });
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  /** Server-side apply, in order; definitions first and until they are served. */
  async apply(manifests: readonly Manifest[]): Promise<void> {
    const definitions = manifests.filter((manifest) => manifest.kind === CRD.kind);
    await Promise.all(definitions.map((manifest) => this.client.apply(CRD, manifest, { force: true })));
    await Promise.all(definitions.map((manifest) => this.#established(manifest.metadata.name)));
    for (const manifest of manifests) {
      if (manifest.kind !== CRD.kind) await this.client.apply(await this.resource(manifest), manifest, { force: true });
    }
  }

  /** Where a kind lives, from the server's discovery documents. */
  resource(object: { readonly apiVersion: string; readonly kind: string }): Promise<Resource> {
    const key = `${object.apiVersion}/${object.kind}`;
    const known = this.#resources.get(key) ?? discover(this.client, object);
    this.#resources.set(key, known);
    known.catch(() => this.#resources.delete(key));
    return known;
  }

  /** A token of a ServiceAccount (TokenRequest API). */
  async token(namespace: string, name: string, audience: string): Promise<string> {
    const spec = { audiences: [audience], expirationSeconds: MONTH_SECONDS };
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
    const answer = await this.client.createSub(SERVICE_ACCOUNT, { namespace, name, subresource: 'token' }, body);
    const status = (answer as { status?: { token?: unknown } }).status;
    if (typeof status?.token !== 'string') throw new Error(`no token for ServiceAccount ${namespace}/${name}`);
    return status.token;
  }

  async get(apiVersion: string, kind: string, namespace: string, name: string): Promise<KubeObject> {
    return this.client.get(await this.resource({ apiVersion, kind }), { namespace, name });
  }

  async #established(name: string): Promise<void> {
    await waitFor(
      `${name} is served`,
      async () => {
        const definition = await this.client.get(CRD, { name });
        const conditions = (definition['status'] as { conditions?: { type: string; status: string }[] } | undefined)
          ?.conditions;
        return conditions?.some((condition) => condition.type === 'Established' && condition.status === 'True');
      },
      { timeout: 180_000 },
    );
  }
}
