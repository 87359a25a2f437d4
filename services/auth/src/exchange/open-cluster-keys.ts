import { type Clock, connect, DEFAULT_RETRY, KubeClient } from '@sekisho/kube';
import type { Logger } from '@sekisho/telemetry';
import { type ClusterKeys, createClusterKeys } from './cluster-keys.ts';
import { fromApiServer, fromFile } from './cluster-source.ts';
import type { WorkloadKeySource } from './config.ts';

export interface OpenClusterKeys {
  readonly clusterKeys: ClusterKeys;
  close(): Promise<void>;
}

const TIMEOUT_MS = 2_000;
const MAX_BODY_BYTES = 256 * 1024;

/** The keys of ServiceAccount tokens, read when they are first needed. */
export function openClusterKeys(source: WorkloadKeySource, clock: Clock, log: Logger): OpenClusterKeys {
  const monotonic = () => clock.monotonic();
  const onError = (err: unknown) => log.warn({ err }, 'the keys of ServiceAccount tokens could not be read');
  if (source.kind === 'file') {
    const read = fromFile(source.path, source.issuer);
    return { clusterKeys: createClusterKeys({ read, monotonic, onError }), close: async () => undefined };
  }
  const transport = connect({ kubeconfig: source.kubeconfig, pod: source.pod, clock, connections: 1 });
  const client = new KubeClient(transport, {
    fieldManager: 'sekisho-auth',
    timeoutMs: TIMEOUT_MS,
    maxBodyBytes: MAX_BODY_BYTES,
    // The next request asks again.
    retry: { ...DEFAULT_RETRY, attempts: 1 },
    clock,
  });
  const read = fromApiServer(client);
  return { clusterKeys: createClusterKeys({ read, monotonic, onError }), close: () => transport.close() };
}
