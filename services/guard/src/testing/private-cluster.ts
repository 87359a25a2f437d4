import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, discover, KubeClient, type KubeObject, type Manifest, type Transport } from '@sekisho/kube';
import { crds } from '@sekisho/policy';
import { inject, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';

const WAIT = { timeout: 60_000, interval: 50 };
const WANTED = /^(gateways|httproutes|referencegrants)\.gateway\.networking|^requestauthentications\./;

export interface PrivateCluster {
  readonly kubeconfig: string;
  readonly transport: Transport;
  /** A kind is served a moment after it is defined: waits for it. */
  apply(manifests: readonly Manifest[]): Promise<void>;
  close(): Promise<void>;
}

/** An API server of a test file's own, with every kind that the guard reads. */
export async function openPrivateCluster(): Promise<PrivateCluster> {
  const { program, order, env } = inject('privateControlPlane');
  const apiServer = fork(program, [order], { env, stdio: ['ignore', 2, 2, 'ipc'] });
  const [{ kubeconfig }] = (await once(apiServer, 'message')) as [{ readonly kubeconfig: string }];
  const transport = connect({ kubeconfig });
  const client = new KubeClient(transport, { fieldManager: 'person' });
  for (const definition of await definitions()) await applyOne(client, definition);
  return {
    kubeconfig,
    transport,
    async apply(manifests) {
      for (const manifest of manifests) await vi.waitFor(() => applyOne(client, manifest), WAIT);
    },
    async close() {
      await transport.close();
      const exited = once(apiServer, 'exit');
      apiServer.disconnect();
      await exited;
    },
  };
}

async function definitions(): Promise<readonly Manifest[]> {
  const files = await Promise.all([inject('istioCrds'), inject('gatewayCrds')].map((path) => readFile(path, 'utf8')));
  const others: KubeObject[] = files.flatMap((file) => parseAllDocuments(file).map((document) => document.toJS()));
  return [...crds(), ...others.filter(({ metadata }) => WANTED.test(metadata.name))];
}

/** What tests make has a uid and an age, which only the API server gives. */
async function applyOne(client: KubeClient, { metadata, ...rest }: Manifest): Promise<void> {
  const { uid: _, creationTimestamp: __, ...named } = metadata;
  await client.apply(await discover(client, rest), { ...rest, metadata: named }, { force: true });
}
