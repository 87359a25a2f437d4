import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CredentialSource } from './credentials.ts';
import { KubeError } from './errors.ts';

/** Where a pod finds its API server: the variables KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT. */
export interface PodEnvironment {
  readonly host: string;
  readonly port: string;
  /** Folder of the mounted ServiceAccount token. @default /var/run/secrets/kubernetes.io/serviceaccount */
  readonly folder?: string;
}

/**
 * Credentials of the pod's ServiceAccount. The kubelet rewrites the token before it expires.
 * @source https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
 */
export function podCredentials(pod: PodEnvironment): CredentialSource {
  const { host, port, folder = '/var/run/secrets/kubernetes.io/serviceaccount' } = pod;
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (!URL.canParse(server)) throw new KubeError('config', 'KUBERNETES_SERVICE_HOST and _PORT name no API server');
  return {
    server: new URL(server),
    async read() {
      try {
        const token = await readFile(join(folder, 'token'), 'utf8');
        const ca = await readFile(join(folder, 'ca.crt'), 'utf8');
        return { headers: { authorization: `Bearer ${token.trim()}` }, tls: { ca } };
      } catch (cause) {
        throw new KubeError('config', 'the token of the pod cannot be read: is it mounted?', { cause });
      }
    },
  };
}
