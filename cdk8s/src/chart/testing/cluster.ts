import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, discover, KubeClient, type KubeObject, NotFoundError } from '@sekisho/kube';
import { inject, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { Manifest } from '../../kubernetes.ts';

const WAIT = { timeout: 60_000, interval: 50 };
const WANTED = /^(gateways|httproutes)\.gateway\.networking\.|\.security\.istio\.io$/;
/** A kind is served a moment after it is defined. */
const SERVED = [
  { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway' },
  { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' },
  ...['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication'].map((kind) => ({
    apiVersion: 'security.istio.io/v1',
    kind,
  })),
];

/** Of Istio, by default and in the profile `full`. */
const NAMESPACES = ['istio-system', 'istio-control'];

/** What an object is found by. */
export interface Reference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** An API server that no other test uses, with the definitions of Istio and of the Gateway API that the chart needs, and none of ours. */
export interface Cluster {
  readonly kubeconfig: string;
  /** As somebody who is not Helm. */
  apply(manifest: Manifest): Promise<KubeObject>;
  /** Undefined where there is none. */
  get(reference: Reference): Promise<KubeObject | undefined>;
  close(): Promise<void>;
}

export async function openCluster(): Promise<Cluster> {
  const { program, order, env } = inject('privateControlPlane');
  const supervisor = fork(program, [order], { env, stdio: ['ignore', 2, 2, 'ipc'] });
  const failed = once(supervisor, 'exit').then(() => Promise.reject(new Error('the API server could not be started')));
  const [{ kubeconfig }] = await Promise.race([once(supervisor, 'message'), failed]);
  failed.catch(() => undefined);
  const transport = connect({ kubeconfig });
  const client = new KubeClient(transport, { fieldManager: 'somebody' });
  const cluster: Cluster = {
    kubeconfig,
    apply: async (manifest) => client.apply(await discover(client, manifest), manifest, { force: true }),
    get: async (reference) => found(client.get(await discover(client, reference), reference)),
    async close() {
      await transport.close();
      const exited = once(supervisor, 'exit');
      supervisor.disconnect();
      await exited;
    },
  };
  for (const definition of await definitions()) await cluster.apply(definition);
  for (const type of SERVED) await vi.waitFor(() => discover(client, type), WAIT);
  for (const name of NAMESPACES) await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return cluster;
}

async function definitions(): Promise<readonly Manifest[]> {
  const texts = await Promise.all([inject('istioCrds'), inject('gatewayCrds')].map((path) => readFile(path, 'utf8')));
  const all = texts.flatMap((text) => parseAllDocuments(text).map((document): Manifest => document.toJS()));
  return all.filter(({ metadata }) => WANTED.test(metadata.name));
}

async function found(object: Promise<KubeObject>): Promise<KubeObject | undefined> {
  try {
    return await object;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
