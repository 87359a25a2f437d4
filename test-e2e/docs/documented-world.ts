import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN_LOGIN, databaseKinds, startService, untilReady } from '@sekisho/auth/testing';
import { type Manifest, renderPlatform, renderShop, toYaml } from '@sekisho/cdk8s';
import { run } from '@sekisho/cli';
import { manifestsIn, PrivateCluster } from '@sekisho/kube/testing/cluster';
import { crds } from '@sekisho/policy';
import { inject } from 'vitest';
import { ROOT } from './pages.ts';
import type { Place } from './shell.ts';

/** What the pages speak of: a cluster with the platform and a shop, as far as an API server holds them, and an auth service. */
export interface DocumentedWorld {
  readonly place: Place;
  readonly manifests: readonly Manifest[];
  /** Addresses that stand for those of the pages. */
  readonly publicServer: string;
  readonly adminServer: string;
  /** As a person at a terminal. @returns the exit code, and what was told where it failed */
  sekisho(args: readonly string[]): Promise<{ readonly code: number; readonly told: string }>;
  close(): Promise<void>;
}

/** How the pages call the auth service. */
export const ISSUER = 'https://auth.example.org';
const POLICIES = renderShop({ target: 'local' }).manifests.filter(({ kind }) => kind === 'ServiceAuthPolicy');
const ISSUERS = renderPlatform({ target: 'local', issuer: ISSUER }).manifests.filter(
  ({ kind }) => kind === 'TokenIssuer',
);

export async function openDocumentedWorld(): Promise<DocumentedWorld> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'sekisho-docs-'));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const manifests = platform();
    const cluster = await openCluster();
    closers.push(() => cluster.close());
    await cluster.apply(manifests);
    const servers = await openAuth(closers);
    const place = await placeIn(folder, cluster.kubeconfig);
    return { place, manifests, ...servers, sekisho: (args) => asPerson(args, { ...servers, place }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openCluster(): Promise<PrivateCluster> {
  const others = await manifestsIn(inject('istioCrds'), inject('gatewayCrds'), inject('prometheusCrds'));
  return PrivateCluster.open(inject('privateControlPlane'), [...crds(), ...others]);
}

/** Everything that is rendered, and what operator and istiod make beside it; webhooks last, since nobody answers them. */
function platform(): readonly Manifest[] {
  const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const metadata = { name: 'sekisho-operator', namespace: 'sekisho-system' };
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: { holderIdentity: 'one' } };
  const rendered = renderPlatform({ issuer: ISSUER, edge: {}, redis: {}, postgresql: {} }).manifests;
  const shop = renderShop({ target: 'cluster' }).manifests;
  const isWebhook = ({ kind }: Manifest) => kind === 'ValidatingWebhookConfiguration';
  const all = [namespace('istio-system'), ...rendered, ...shop, lease];
  return [...all.filter((one) => !isWebhook(one)), ...all.filter(isWebhook)];
}

async function openAuth(closers: (() => Promise<unknown>)[]) {
  const [embedded] = databaseKinds('');
  if (embedded === undefined) throw new Error('there is no database');
  const database = await embedded.create();
  closers.push(() => database.remove());
  const service = await startService({ redisUrl: inject('redisUrl'), databaseUrl: database.url });
  closers.push(() => service.close());
  await untilReady(service);
  const listen = { host: '127.0.0.1', port: 0 };
  return { publicServer: await service.publicApp.listen(listen), adminServer: await service.adminApp.listen(listen) };
}

/** A folder with the programs and the files that the pages name. */
async function placeIn(folder: string, kubeconfig: string): Promise<Place> {
  const links = { kubectl: inject('kubectl'), node: process.execPath };
  for (const [name, target] of Object.entries(links)) await symlink(target, join(folder, name));
  for (const name of ['cdk8s', 'istio']) await symlink(join(ROOT, name), join(folder, name));
  await mkdir(join(folder, 'policies'));
  const claims = { iss: ISSUER, aud: ['bucket'], sub: 'alice', exp: 4_000_000_000, iat: 1 };
  const token = [{ alg: 'ES256', typ: 'JWT' }, claims].map((part) => base64url(part)).join('.');
  const bucket = POLICIES.filter(({ metadata }) => metadata.name === 'bucket');
  const files = {
    'policy.yaml': toYaml([...bucket, ...ISSUERS]),
    'policies/all.yaml': toYaml([...POLICIES, ...ISSUERS]),
    'claims.json': JSON.stringify(claims),
    'token.jwt': `${token}.c2ln`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return { programs: folder, kubeconfig, folder };
}

function base64url(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

interface Surroundings {
  readonly publicServer: string;
  readonly adminServer: string;
  readonly place: Place;
}

async function asPerson(args: readonly string[], { publicServer, adminServer, place }: Surroundings) {
  let told = '';
  const tell = (text: string): void => {
    told += text;
  };
  const secret = async (): Promise<string> => ADMIN_LOGIN.password;
  const ask = async (question: string): Promise<string> => (question.startsWith('E-mail') ? ADMIN_LOGIN.email : 'y');
  const terminal = { isInteractive: true, out: () => {}, err: tell, ask, askSecret: secret, readInput: secret };
  const environment = {
    SEKISHO_SERVER: adminServer,
    SEKISHO_PUBLIC_SERVER: publicServer,
    XDG_CONFIG_HOME: place.folder,
    KUBECONFIG: place.kubeconfig,
  };
  // The address that pages name is that of this service.
  const there: typeof fetch = (input, init) => fetch(String(input).replace(ISSUER, publicServer), init);
  const code = await run(args, { terminal, environment, fetch: there, now: () => new Date() });
  return { code, told };
}
