import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { freePort } from '@sekisho/telemetry/testing';
import type { BareCluster, BareStores } from '@sekisho/test-e2e/mesh';
import { ServerProcess } from '../server-process.ts';
import { ISSUER } from './cluster.ts';
import type { KeyServer } from './key-server.ts';

const MAIN = resolve(import.meta.dirname, '../../services/guard/src/main.ts');

/** What guards share, as the replicas of a deployment do. */
export interface GuardSurroundings {
  readonly stores: BareStores;
  readonly cluster: BareCluster;
  readonly keys: KeyServer;
  readonly encryptionKeyFile: string;
  readonly workloadTokenFile: string;
}

export interface GuardProcessOptions {
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export async function writeSecrets({ folder }: BareStores, keys: KeyServer) {
  const secret = async (name: string, content: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  };
  return {
    encryptionKeyFile: await secret('guard-encryption-key', randomBytes(32).toString('base64')),
    workloadTokenFile: await secret('guard-token', keys.workloadToken),
  };
}

/**
 * The guard as it is deployed: its own main, its own defaults.
 * @param options Node's own, such as `--cpu-prof`, and what its environment has besides
 */
export async function startGuard(
  { stores, cluster, keys, encryptionKeyFile, workloadTokenFile }: GuardSurroundings,
  { nodeArgs = [], env: more = {} }: GuardProcessOptions = {},
): Promise<ServerProcess> {
  const [listen, ops] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const env = {
    ...stores.mark,
    GUARD_LISTEN: listen,
    GUARD_OPS_LISTEN: ops,
    AUTH_ISSUER: ISSUER,
    AUTH_URL: keys.url,
    WORKLOAD_TOKEN_FILE: workloadTokenFile,
    KEY_ENCRYPTION_KEY_FILE: encryptionKeyFile,
    REDIS_URL: stores.redisUrl,
    KUBECONFIG: cluster.kubeconfig,
    ...more,
  };
  return ServerProcess.start({
    ...{ main: MAIN, env, url: `http://${listen}`, readyUrl: `http://${ops}/readyz`, nodeArgs },
    log: join(stores.folder, 'logs/guard.log'),
  });
}
