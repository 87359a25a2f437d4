import { renderShop } from '@sekisho/cdk8s';
import { ConflictError, type KubeObject, type Resource } from '@sekisho/kube';
import { GROUP, VERSION } from '@sekisho/policy';
import type { Cluster } from '../mesh/cluster.ts';
import { waitFor } from '../mesh/wait.ts';

const API_VERSION = `${GROUP}/${VERSION}`;
const ISTIO = 'security.istio.io/v1';
const MOST_TRIES = 20;
const PATIENCE_MS = 60_000;

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

type Spec = { rules: { name: string; allow: Record<string, unknown> }[]; issuers?: string[] } & Record<string, unknown>;

/** Reads and edits ServiceAuthPolicies of a running cluster as a person with kubectl would. */
export class Policies {
  readonly #cluster: Cluster;
  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  resource(): Promise<Resource> {
    return this.#cluster.resource({ apiVersion: API_VERSION, kind: 'ServiceAuthPolicy' });
  }

  get(namespace: string, name: string): Promise<KubeObject> {
    return this.#cluster.get(API_VERSION, 'ServiceAuthPolicy', namespace, name);
  }

  /** Changes the spec and answers the object; the caller waits for what it is after. */
  async edit(namespace: string, name: string, change: (spec: Spec) => void): Promise<KubeObject> {
    return this.#replace(namespace, name, (spec) => {
      const changed = structuredClone(spec) as Spec;
      change(changed);
      return changed;
    });
  }

  /** Makes rule read-items of the shop's bucket ask for this permission. */
  askFor(permission: string): Promise<KubeObject> {
    return this.edit('shop', 'bucket', ({ rules }) => {
      const rule = rules.find(({ name }) => name === 'read-items');
      if (rule === undefined) throw new Error('the policy has no rule read-items');
      rule.allow = { permissions: { anyOf: [permission] } };
    });
  }

  /** Puts the shop's policies back to what was deployed: an earlier run may have been cut short in the middle of a change. */
  async reset(): Promise<void> {
    for (const { kind, metadata, spec } of renderShop({ target: 'local' }).manifests) {
      if (kind !== 'ServiceAuthPolicy' || metadata.namespace === undefined) continue;
      await this.#replace(metadata.namespace, metadata.name, () => spec);
      await this.programmed(metadata.namespace, metadata.name);
    }
  }

  /** The table that kubectl prints of these, in one line and without the ages. */
  async printed(namespace: string, names: readonly string[]): Promise<string> {
    const { columns, rows } = await this.#cluster.client.table(await this.resource(), { namespace });
    const shown = columns.flatMap(({ name, priority }, at) => (priority === 0 && name !== 'Age' ? [at] : []));
    const nameAt = columns.findIndex(({ name }) => name === 'Name');
    const named = rows.filter((row) => names.includes(String(row[nameAt])));
    return named.map((row) => shown.map((at) => `${columns[at]?.name} ${row[at]}`).join(', ')).join('; ');
  }

  /** The condition `type` once the operator has seen the current generation. */
  condition(namespace: string, name: string, type: string): Promise<Condition> {
    return waitFor(
      `condition ${type} of ${namespace}/${name}`,
      async () => {
        const { metadata, status } = await this.get(namespace, name);
        const seen = status as { observedGeneration?: number; conditions?: Condition[] } | undefined;
        return seen?.observedGeneration === metadata.generation
          ? seen?.conditions?.find((one) => one.type === type)
          : undefined;
      },
      { timeout: PATIENCE_MS },
    );
  }

  /** Waits until the API server holds everything that the policy's current generation means. */
  async programmed(namespace: string, name: string): Promise<void> {
    await waitFor(
      `${namespace}/${name} is programmed`,
      async () => (await this.condition(namespace, name, 'Programmed')).status === 'True',
      { timeout: PATIENCE_MS },
    );
  }

  /** Waits until every proxy was seen with everything that the policy's current generation means. */
  async enforced(namespace: string, name: string, timeout = 60_000): Promise<void> {
    const isEnforced = async () => (await this.condition(namespace, name, 'Enforced')).status === 'True';
    await waitFor(`${namespace}/${name} is enforced`, isEnforced, { timeout });
  }

  /** The AuthorizationPolicies generated for a policy, by action. */
  async generated(namespace: string, name: string, action: 'ALLOW' | 'DENY'): Promise<KubeObject> {
    const owner = await this.get(namespace, name);
    const resource = await this.#cluster.resource({ apiVersion: ISTIO, kind: 'AuthorizationPolicy' });
    const { items } = await this.#cluster.client.list(resource, { namespace });
    const found = items.find(
      (item) =>
        item.metadata.ownerReferences?.some((reference) => reference.uid === owner.metadata.uid) &&
        ((item.spec as { action?: string } | undefined)?.action ?? 'ALLOW') === action,
    );
    if (found === undefined)
      throw new Error(`no generated AuthorizationPolicy with action ${action} for ${namespace}/${name}`);
    return found;
  }

  /** Reads and writes again when the operator wrote the status in between, as `kubectl edit` has a person do. */
  async #replace(namespace: string, name: string, specOf: (spec: unknown) => unknown): Promise<KubeObject> {
    for (let tries = MOST_TRIES; ; tries -= 1) {
      const { metadata, spec } = await this.get(namespace, name);
      const { resourceVersion = '' } = metadata;
      const changed = {
        ...{ apiVersion: API_VERSION, kind: 'ServiceAuthPolicy', metadata: { name, namespace, resourceVersion } },
        spec: specOf(spec),
      };
      try {
        return await this.#cluster.client.replace(await this.resource(), changed);
      } catch (error) {
        if (!(error instanceof ConflictError) || tries === 1) throw error;
      }
    }
  }
}
