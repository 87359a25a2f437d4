import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Manifest } from '@sekisho/cdk8s';
import { parse } from 'yaml';
import { Cluster } from '../mesh/cluster.ts';
import { kubeconfigText } from '../mesh/control-plane.ts';
import { SUITE_NAMESPACE } from './names.ts';

const ACCOUNT = 'suite';
const NAME = `${SUITE_NAMESPACE}-${ACCOUNT}`;

interface Server {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
}

/**
 * Gives the suite a ServiceAccount of its own with every right, and writes a kubeconfig for it in the same form as the local mesh has: who
 * reads it needs to know of no client certificates and no plugins.
 * @param kubeconfig an administrator's
 * @returns path of the one written
 */
export async function writeAccess(kubeconfig: string, folder: string): Promise<string> {
  const server = serverOf(kubeconfig);
  const cluster = new Cluster(kubeconfig);
  try {
    await cluster.apply(account());
    const token = await cluster.token(SUITE_NAMESPACE, ACCOUNT, 'https://kubernetes.default.svc.cluster.local');
    const caFile = join(folder, 'ca.crt');
    const path = join(folder, 'kubeconfig');
    await writeFile(caFile, server.ca);
    await writeFile(path, kubeconfigText(server.url, caFile, { token }), { mode: 0o600 });
    return path;
  } finally {
    await cluster.close();
  }
}

interface Kubeconfig {
  readonly 'current-context'?: string;
  readonly contexts?: readonly { readonly name: string; readonly context?: { readonly cluster?: string } }[];
  readonly clusters?: readonly { readonly name: string; readonly cluster?: Readonly<Record<string, string>> }[];
}

/** @throws Error where the current context has no server with an authority of its own */
function serverOf(kubeconfig: string): Server {
  const config = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const context = config.contexts?.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config.clusters?.find(({ name }) => name === context?.cluster)?.cluster;
  const { server, 'certificate-authority': file, 'certificate-authority-data': data } = cluster ?? {};
  if (server === undefined || (data === undefined && file === undefined))
    throw new Error(`${kubeconfig}: its current context names no server with a certificate-authority`);
  const ca = data === undefined ? readFileSync(resolve(dirname(kubeconfig), file ?? '')) : Buffer.from(data, 'base64');
  return { url: server.replace(/\/$/, ''), ca: ca.toString('utf8') };
}

function account(): readonly Manifest[] {
  const subjects = [{ kind: 'ServiceAccount', name: ACCOUNT, namespace: SUITE_NAMESPACE }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' };
  const binding = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: NAME } };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SUITE_NAMESPACE } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: ACCOUNT, namespace: SUITE_NAMESPACE } },
    Object.assign(binding, { roleRef, subjects }),
  ];
}
