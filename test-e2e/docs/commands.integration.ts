import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { discover } from '@sekisho/kube';
import { manifestsIn, PrivateCluster } from '@sekisho/kube/testing/cluster';
import { API_VERSION, crds, POLICY_KIND } from '@sekisho/policy';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { blocks, type Page, pages, ROOT } from './pages.ts';
import { kubectlBlocks, kubectlInline, type Place, shell } from './shell.ts';

/** What pages have people type into kubectl is run as it stands there, on an API server without nodes. */
const all = await pages();
let cluster: PrivateCluster;
let place: Place;

beforeAll(async () => {
  const istio = await manifestsIn(inject('istioCrds'));
  cluster = await PrivateCluster.open(inject('privateControlPlane'), [...crds(), ...istio]);
  const folder = await mkdtemp(join(tmpdir(), 'sekisho-docs-'));
  place = { programs: folder, kubeconfig: cluster.kubeconfig, folder };
  await symlink(inject('kubectl'), join(folder, 'kubectl'));
  await symlink(inject('helm'), join(folder, 'helm'));
  await symlink(join(ROOT, 'charts'), join(folder, 'charts'));
}, 300_000);

afterAll(async () => {
  await cluster?.close();
  if (place !== undefined) await rm(place.folder, { recursive: true, force: true });
});

function page(path: string): Page {
  const found = all.find((one) => one.path === path);
  if (found === undefined) throw new Error(`${path} is gone`);
  return found;
}

const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
const policy = (name: string, namespace: string) => ({
  apiVersion: API_VERSION,
  kind: POLICY_KIND,
  metadata: { name, namespace },
});

/** Keys of each Secret that is there. */
async function secrets(): Promise<Readonly<Record<string, readonly string[]>>> {
  const secret = await discover(cluster.client, { apiVersion: 'v1', kind: 'Secret' });
  const { items } = await cluster.client.list(secret, { namespace: 'sekisho-system' });
  return Object.fromEntries(items.map(({ metadata, data }) => [metadata.name, Object.keys(Object(data)).sort()]));
}

/** In each of two keys what the other does not have. */
async function encryptionKeys(): Promise<readonly Buffer[]> {
  const read = (name: string) =>
    shell(
      `kubectl -n sekisho-system get secret ${name} -o 'go-template={{ index .data "key-encryption-key" }}'`,
      place,
    );
  const texts = await Promise.all(['sekisho-auth', 'sekisho-guard'].map(read));
  return texts.map((text) => Buffer.from(Buffer.from(text, 'base64').toString(), 'base64'));
}

test('docs/install.md makes its namespace, its Secrets, and brings definitions up to date', {
  timeout: 400_000,
}, async () => {
  const install = page('docs/install.md');
  await writeFile(join(place.folder, 'namespace.yaml'), blocks(install, 'yaml')[0] ?? '');
  await shell('kubectl apply -f namespace.yaml && kubectl -n sekisho-system delete secret --all', place);
  const [secretsOfBoth = '', definitions = '', ...others] = kubectlBlocks(install);
  expect(others).toEqual([]);
  await shell(secretsOfBoth, place);
  expect(await secrets()).toEqual({
    'sekisho-auth': ['bootstrap-admin-password', 'database-url', 'key-encryption-key', 'redis-url'],
    'sekisho-guard': ['key-encryption-key', 'redis-url'],
  });
  const [auth, guard] = await encryptionKeys();
  expect([auth?.length, guard?.length]).toEqual([32, 32]);
  expect(auth).not.toEqual(guard);
  expect(await shell(definitions, place)).toContain('tokenissuers.auth.sekisho.dev serverside-applied');
});

test('docs/install.md is rid of the policy that has a gateway ask', { timeout: 400_000 }, async () => {
  const targetRefs = [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' }];
  const rules = [{ name: 'guarded', allow: { public: true } }];
  const edge = { ...policy('edge', 'istio-edge'), spec: { targetRefs, rules } };
  await cluster.apply([namespace('istio-edge'), edge]);
  const commands = kubectlInline(page('docs/install.md')).filter((one) => !one.startsWith('kubectl scale'));
  expect(commands).toHaveLength(1);
  for (const command of commands) expect(await shell(command, place)).toContain('"edge" deleted');
});

test('docs/manifests.md makes the Secrets of stores of the platform', {
  timeout: 400_000,
}, async () => {
  await cluster.apply([namespace('sekisho-system')]);
  await shell('kubectl -n sekisho-system delete secret --all', place);
  const [script = '', ...others] = kubectlBlocks(page('docs/manifests.md'));
  expect(others).toEqual([]);
  await shell(script, place);
  expect(await secrets()).toEqual({
    'sekisho-auth': ['database-url', 'key-encryption-key', 'redis-url'],
    'sekisho-guard': ['key-encryption-key', 'redis-url'],
    'sekisho-postgresql': ['password'],
    'sekisho-redis': ['users.acl'],
  });
});

test('docs/regions.md makes the Secrets of a region', { timeout: 400_000 }, async () => {
  await cluster.apply([namespace('sekisho-system')]);
  await shell('kubectl -n sekisho-system delete secret --all && openssl rand -base64 32 > session-key', place);
  const [script = '', ...others] = kubectlBlocks(page('docs/regions.md'));
  expect(others).toEqual([]);
  await shell(script, place);
  const ofAll = ['key-encryption-key', 'redis-url'];
  expect(await secrets()).toEqual({
    'sekisho-auth': ['database-read-url', 'database-url', 'global-redis-url', ...ofAll, 'session-key'],
    'sekisho-guard': ['global-redis-url', ...ofAll],
  });
});

test('docs/first-policy.md applies its policy and sees it enforced', { timeout: 400_000 }, async () => {
  const first = page('docs/first-policy.md');
  await cluster.apply([namespace('shop')]);
  await writeFile(join(place.folder, 'policy.yaml'), blocks(first, 'yaml')[0] ?? '');
  const [script = '', ...others] = kubectlBlocks(first);
  expect(others).toEqual([]);
  const [apply = '', wait = '', ...more] = script.trim().split('\n');
  expect(more).toEqual([]);
  expect(await shell(apply, place)).toContain('serviceauthpolicy.auth.sekisho.dev/bucket created');
  await enforce();
  expect(await shell(wait, place)).toContain('serviceauthpolicy.auth.sekisho.dev/bucket condition met');
});

/** As the operator tells once proxies have it. */
async function enforce(): Promise<void> {
  const bucket = policy('bucket', 'shop');
  const lastTransitionTime = new Date().toISOString();
  const condition = {
    type: 'Enforced',
    status: 'True',
    reason: 'Enforced',
    message: 'as in a mesh',
    lastTransitionTime,
  };
  const status = { conditions: [condition] };
  await cluster.client.applyStatus(await discover(cluster.client, bucket), { ...bucket, status });
}
