import { once } from 'node:events';
import type { Call, KubeObject, Transport } from '@sekisho/kube';

const PLURALS: Readonly<Record<string, string>> = {
  Gateway: 'gateways',
  HTTPRoute: 'httproutes',
  Service: 'services',
  Namespace: 'namespaces',
  ServiceAuthPolicy: 'serviceauthpolicies',
  TokenIssuer: 'tokenissuers',
};

/** An API server in which nothing ever changes: every list is there, and every watch is silent. */
export function stillCluster(objects: readonly KubeObject[]): Transport {
  return {
    async send(call) {
      const isWatch = call.path.includes('watch=');
      return { status: 200, retryAfterMs: undefined, body: isWatch ? silence(call) : listed(call, objects) };
    },
    close: async () => undefined,
  };
}

// biome-ignore lint/correctness/useYield: nothing ever happens
async function* silence({ signal }: Call): AsyncGenerator<Uint8Array> {
  if (!signal.aborted) await once(signal, 'abort');
}

async function* listed({ path }: Call, objects: readonly KubeObject[]): AsyncGenerator<Uint8Array> {
  const plural = path.split('?', 1)[0]?.split('/').at(-1);
  const items = objects
    .filter(({ kind }) => PLURALS[kind] === plural)
    .map((object) => ({ ...object, metadata: { ...object.metadata, resourceVersion: '1' } }));
  yield Buffer.from(JSON.stringify({ kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items }));
}
