import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { parse } from 'yaml';

export interface Answer {
  readonly status: number;
  readonly body: { readonly message?: string; readonly [field: string]: unknown };
}

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: Readonly<Record<string, string>> }[];
  readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
}

/** A few calls to a real kube-apiserver with a token; packages/kube lies above this package and cannot be used here. */
export function apiServer(kubeconfigPath: string) {
  const { clusters, users }: Kubeconfig = parse(readFileSync(kubeconfigPath, 'utf8'));
  const { server, 'certificate-authority': file, 'certificate-authority-data': data } = clusters[0]?.cluster ?? {};
  const ca = file === undefined ? Buffer.from(data ?? '', 'base64') : readFileSync(file);
  const headers = { authorization: `Bearer ${users[0]?.user['token'] ?? ''}`, 'content-type': 'application/json' };

  return (method: string, path: string, sent?: unknown): Promise<Answer> => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const call = request(new URL(path, server), { method, headers, ca, timeout: 60_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) });
      });
    });
    call.on('error', reject);
    call.on('timeout', () => call.destroy(new Error('the API server did not answer within 60 s')));
    call.end(sent === undefined ? undefined : JSON.stringify(sent));
    return promise;
  };
}
