import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Addresses } from './addresses.ts';
import type { ProcessSpec } from './managed-process.ts';
import { answersReadyz } from './tls.ts';
import { answersOk } from './wait.ts';

/** Where a control plane keeps its files, and what it is made of. */
export interface ServerContext {
  readonly folder: string;
  readonly logs: string;
  readonly addresses: Addresses;
  /** HOST:PORT where whoever wants spans may listen. @default no process records any */
  readonly collector?: string;
}

export interface Etcd {
  readonly spec: ProcessSpec;
  readonly url: string;
}

/** etcd without fsync: its data live only as long as the mesh. */
export async function etcd(program: string, context: ServerContext): Promise<Etcd> {
  const host = '127.0.0.1';
  const client = `http://${host}:${await context.addresses.port(host, 23790)}`;
  const peer = `http://${host}:${await context.addresses.port(host, 23800)}`;
  const args = ['--data-dir', join(context.folder, 'etcd'), '--unsafe-no-fsync', '--log-level', 'warn'];
  args.push('--listen-client-urls', client, '--advertise-client-urls', client, '--listen-peer-urls', peer);
  args.push('--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`);
  const ready = (): Promise<boolean> => answersOk(`${client}/readyz`);
  return { spec: { name: 'etcd', command: program, args, log: join(context.logs, 'etcd.log'), ready }, url: client };
}

export interface ApiServer {
  readonly spec: ProcessSpec;
  readonly url: string;
  /** The admin's kubeconfig; written when the server is started the first time. */
  readonly kubeconfig: string;
  /** The certificate authority that the server made for itself, PEM. */
  readonly caFile: string;
}

/**
 * kube-apiserver with RBAC. It signs its own serving certificate into `--cert-dir` (the file carries the CA too), so no openssl is needed.
 * Several flags differ from a cluster's: no ServiceAccount admission (nothing creates pods) and no endpoint reconciler, which would need an
 * address that is not loopback.
 */
export async function apiServer(program: string, etcdUrl: string, context: ServerContext): Promise<ApiServer> {
  const folder = join(context.folder, 'apiserver');
  await mkdir(folder, { recursive: true });
  const host = '127.0.0.1';
  const port = await context.addresses.port(host, 26443);
  const url = `https://${host}:${port}`;
  const token = randomBytes(24).toString('base64url');
  await writeFile(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 });
  await writeServiceAccountKeys(folder);
  const caFile = join(folder, 'apiserver.crt');
  const kubeconfig = join(context.folder, 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigText(url, caFile, { token }), { mode: 0o600 });
  const args = ['--etcd-servers', etcdUrl, '--bind-address', host, '--secure-port', String(port), '--cert-dir', folder];
  args.push('--advertise-address', '192.0.2.1', '--endpoint-reconciler-type', 'none');
  args.push(
    '--service-account-issuer',
    'https://kubernetes.default.svc',
    '--service-account-key-file',
    join(folder, 'sa.pub'),
  );
  args.push(
    '--service-account-signing-key-file',
    join(folder, 'sa.key'),
    '--api-audiences',
    'https://kubernetes.default.svc,istio-ca',
  );
  args.push(
    '--token-auth-file',
    join(folder, 'tokens.csv'),
    '--authorization-mode',
    'RBAC',
    '--service-cluster-ip-range',
    '10.96.0.0/16',
  );
  args.push('--disable-admission-plugins', 'ServiceAccount', '--profiling=false', '--v', '1');
  const ready = async (): Promise<boolean> => answersReadyz(url, await readFile(caFile, 'utf8'), token);
  return {
    spec: { name: 'kube-apiserver', command: program, args, log: join(context.logs, 'kube-apiserver.log'), ready },
    url,
    kubeconfig,
    caFile,
  };
}

/** A kubeconfig of one cluster and one user, in JSON (which is YAML). */
export function kubeconfigText(
  server: string,
  caFile: string,
  user: { token: string } | { tokenFile: string },
): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'local',
    contexts: [{ name: 'local', context: { cluster: 'local', user: 'local' } }],
    clusters: [{ name: 'local', cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name: 'local', user }],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

async function writeServiceAccountKeys(folder: string): Promise<void> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(join(folder, 'sa.key'), privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
  await writeFile(join(folder, 'sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
}
