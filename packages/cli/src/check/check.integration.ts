import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect, discover, KubeClient, type Manifest } from '@sekisho/kube';
import { crds } from '@sekisho/policy';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { runCli } from '../testing/run-cli.ts';

const id = randomBytes(4).toString('hex');
const [namespace, istioNamespace] = [`check-${id}`, `check-istio-${id}`];
const environment = { KUBECONFIG: inject('kubeconfig') };
const transport = connect({ kubeconfig: inject('kubeconfig') });
const client = new KubeClient(transport, { fieldManager: 'check-test' });

async function apply(manifest: Manifest): Promise<void> {
  await client.apply(await discover(client, manifest), manifest);
}

beforeAll(async () => {
  for (const definition of crds()) await apply(definition);
  for (const name of [namespace, istioNamespace])
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
});

afterAll(async () => {
  const resource = await discover(client, { apiVersion: 'v1', kind: 'Namespace' });
  for (const name of [namespace, istioNamespace]) await client.delete(resource, { name });
  await transport.close();
});

interface Told {
  readonly about: string;
  readonly state: string;
  readonly found: string;
}

/** What is said about things whose name begins so. */
async function findings(...abouts: readonly string[]): Promise<{ code: number; told: readonly Told[] }> {
  const args = ['check', '--namespace', namespace, '--istio-namespace', istioNamespace, '--output', 'json'];
  const { code, out } = await runCli(args, { environment });
  const { findings: all }: { findings: readonly Told[] } = JSON.parse(out);
  return { code, told: all.filter(({ about }) => abouts.some((start) => about.startsWith(start))) };
}

test('an empty place is told what it lacks, and the definitions of this version are known again as the API server holds them', async () => {
  const { code, told } = await findings(
    'definition tokenissuers',
    'definition serviceauth',
    'istiod',
    'mesh',
    'deploy',
  );
  expect(code).toBe(3);
  expect(told.map(({ state, about }) => `${state} ${about}`)).toEqual([
    'ok definition serviceauthpolicies.auth.sekisho.dev',
    'ok definition tokenissuers.auth.sekisho.dev',
    'missing istiod',
    'missing mesh config',
    `missing deployment ${namespace}/sekisho-operator`,
    `missing deployment ${namespace}/auth`,
    expect.stringContaining(`deployment ${namespace}/sekisho-guard`),
  ]);
});

test('what the API server holds of istiod and its mesh config is read', async () => {
  const mesh = await readFile(new URL('../../../../istio/mesh-config.yaml', import.meta.url), 'utf8');
  const metadata = { name: 'istio', namespace: istioNamespace };
  const data = { mesh: mesh.replaceAll('.sekisho-system.', `.${namespace}.`) };
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
  await apply(configMap);
  await apply(istiodManifest());
  const { told } = await findings('istiod', 'mesh');
  expect(told.map(({ state, found }) => `${state} ${found}`)).toEqual([
    'ok 1.30.1',
    `ok ${namespace}`,
    'ok DECODE_AND_MERGE_SLASHES',
    `ok asks sekisho-guard.${namespace}.svc.cluster.local`,
    `ok asks sekisho-guard.${namespace}.svc.cluster.local`,
  ]);
});

test('a cluster that does not answer, and none at all, are errors with a way out', async () => {
  expect(await runCli(['check'], {})).toMatchObject({ code: 2, err: expect.stringContaining('--kubeconfig') });
  const nowhere = await runCli(['check', '--kubeconfig', '/nowhere'], {});
  expect(nowhere).toMatchObject({ code: 1, err: expect.stringContaining('the cluster does not answer') });
});

function istiodManifest() {
  const labels = { app: 'istiod' };
  const env = [{ name: 'DEBUG_ENDPOINT_AUTH_ALLOWED_NAMESPACES', value: namespace }];
  const containers = [{ name: 'discovery', image: 'example/pilot:1.30.1', env }];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'istiod', namespace: istioNamespace },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  };
}
