import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { API_VERSION, ISSUER_KIND, POLICY_KIND } from '@sekisho/policy';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { parse } from 'yaml';
import { PLATFORM_NAMESPACE } from '../platform.ts';
import { type Cluster, openCluster, type Reference } from './testing/cluster.ts';
import { CHART, Helm, profileFile } from './testing/helm.ts';
import { readInstallPage } from './testing/install-page.ts';
import { earlierChart, newerChart } from './testing/releases.ts';

/** One release goes through its life, a test for each turn of it: none of them stands alone. */
let cluster: Cluster;
let helm: Helm;
let newer: string;
const folder = mkdtempSync(join(tmpdir(), 'sekisho-chart-'));
const namespace = PLATFORM_NAMESPACE;

// Three commands of Helm to a test, each of which takes seconds, and ten times that beside other work.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 300_000 });

beforeAll(async () => {
  newer = newerChart(folder, 'Newer');
  cluster = await openCluster();
  helm = new Helm(inject('helm'), { kubeconfig: cluster.kubeconfig, folder });
});

afterAll(async () => {
  helm.close();
  rmSync(folder, { recursive: true, force: true });
  await cluster.close();
});

const install = (...args: readonly string[]) =>
  helm.run(['install', 'sekisho', CHART, '--namespace', namespace, '--create-namespace', ...args]);
const upgrade = (chart: string, ...args: readonly string[]) =>
  helm.run(['upgrade', 'sekisho', chart, '--namespace', namespace, ...args]);
const profile = (name: string) => ['--values', profileFile(name)] as const;

const auth: Reference = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'auth', namespace };
const issuer: Reference = { apiVersion: API_VERSION, kind: ISSUER_KIND, name: 'platform' };
const edgePolicy: Reference = { apiVersion: API_VERSION, kind: POLICY_KIND, name: 'edge', namespace: 'istio-edge' };
const webhook: Reference = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  name: 'sekisho',
};
const certificate: Reference = { apiVersion: 'v1', kind: 'Secret', name: 'sekisho-webhook', namespace };
const definition: Reference = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  name: 'tokenissuers.auth.sekisho.dev',
};
const columns = async (): Promise<string> => JSON.stringify((await cluster.get(definition))?.['spec']);

const secret = async (name: string): Promise<Readonly<Record<string, string>>> => {
  const data: object = Object((await cluster.get({ apiVersion: 'v1', kind: 'Secret', name, namespace }))?.['data']);
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
};
const secrets = async () => ({
  auth: await secret('sekisho-auth'),
  guard: await secret('sekisho-guard'),
  redis: await secret('sekisho-redis'),
  postgresql: await secret('sekisho-postgresql'),
});

test('one command installs definitions and objects of them', async () => {
  const said = await install(...profile('minimal'));
  expect(said).toContain('STATUS: deployed');
  expect(said).toContain('The Secret sekisho-auth is missing');
  expect(await cluster.get(issuer)).toMatchObject({ spec: { issuer: 'https://auth.example.org' } });
  expect(await cluster.get(edgePolicy)).toBeDefined();
  expect(await cluster.get(auth)).toMatchObject({ spec: { replicas: 2 } });
});

test('an upgrade changes what values say, and leaves what the operator wrote', async () => {
  const [service, caBundle] = [
    { name: 'sekisho-operator', namespace, path: '/validate', port: 443 },
    'bm90IGEgY2VydGlmaWNhdGU=',
  ];
  const before = await cluster.get(webhook);
  const webhooks = before?.['webhooks'] as readonly { readonly name: string }[];
  const trusted = webhooks.map(({ name }) => ({ name, clientConfig: { caBundle } }));
  await cluster.apply({
    apiVersion: webhook.apiVersion,
    kind: webhook.kind,
    metadata: { name: webhook.name },
    webhooks: trusted,
  });
  const data = { generations: 'e30=' };
  await cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: certificate.name, namespace }, data });

  await upgrade(CHART, ...profile('minimal'), '--set', 'auth.replicas=3');

  expect(await cluster.get(auth)).toMatchObject({ spec: { replicas: 3 } });
  const after = (await cluster.get(webhook))?.['webhooks'];
  expect(after).toEqual(webhooks.map(() => expect.objectContaining({ clientConfig: { caBundle, service } })));
  expect(await cluster.get(certificate)).toMatchObject({ data });
});

test('tokens must name a client, but for the upgrade that replaces an operator which does not know how to ask for it', async () => {
  const required = async () => Object(await cluster.get(issuer)).spec.requiredClaims;
  const byClient = [{ path: ['client_id'] }];
  expect(await required()).toEqual(byClient);
  await upgrade(earlierChart(folder), ...profile('minimal'));
  expect(await required()).toBeUndefined();
  expect(await upgrade(CHART, ...profile('minimal'))).toContain('Upgrade once more');
  expect(await required()).toBeUndefined();
  expect(await upgrade(CHART, ...profile('minimal'))).not.toContain('Upgrade once more');
  expect(await required()).toEqual(byClient);
});

test('an upgrade brings definitions up to date, and an earlier chart leaves them so', async () => {
  await upgrade(newer, ...profile('minimal'));
  expect(await columns()).toContain('Newer');
  await upgrade(CHART, ...profile('minimal'));
  expect(await columns()).toContain('Newer');
  expect(await cluster.get(issuer)).toMatchObject({ spec: { issuer: 'https://auth.example.org' } });
});

test('a rollback puts values back, and definitions stay', async () => {
  await upgrade(CHART, ...profile('minimal'), '--set', 'auth.replicas=4');
  expect(await cluster.get(auth)).toMatchObject({ spec: { replicas: 4 } });
  await helm.run(['rollback', 'sekisho', '1', '--namespace', namespace]);
  expect(await cluster.get(auth)).toMatchObject({ spec: { replicas: 2 } });
  expect(await columns()).toContain('Newer');
});

/** Server-side apply refuses a field that a type does not have. */
test.each(['no-guard', 'full', 'region', 'ha', 'minimal'])(
  'the API server takes every object of the profile %s',
  async (name) => {
    const said = await upgrade(CHART, ...profile(name), '--set', 'issuer=https://auth.example.org');
    expect(said).toContain('STATUS: deployed');
  },
);

test('uninstalling leaves definitions, issuers and policies, and installing again takes them over', async () => {
  const policy = { apiVersion: API_VERSION, kind: POLICY_KIND, name: 'bucket', namespace: 'default' };
  const rules = [{ name: 'read', allow: { authenticated: true } }];
  const metadata = { name: policy.name, namespace: policy.namespace };
  const spec = { selector: { matchLabels: { app: 'bucket' } }, rules };
  await cluster.apply({ apiVersion: policy.apiVersion, kind: policy.kind, metadata, spec });

  await helm.run(['uninstall', 'sekisho', '--namespace', namespace]);

  expect(await cluster.get(auth)).toBeUndefined();
  const left = await Promise.all([definition, issuer, edgePolicy, policy].map((one) => cluster.get(one)));
  expect(left.map((one) => one?.metadata.deletionTimestamp)).toEqual([undefined, undefined, undefined, undefined]);
  expect(left).not.toContain(undefined);

  // Of an earlier release than the definitions are, which Helm would put back.
  await install(...profile('minimal'), '--skip-crds');
  expect(await cluster.get(auth)).toMatchObject({ spec: { replicas: 2 } });
  expect(await columns()).toContain('Newer');
});

test('an installation over definitions that an earlier release left brings them up to date', async () => {
  await helm.run(['uninstall', 'sekisho', '--namespace', namespace]);
  expect(await columns()).not.toContain('Newest');
  const said = await helm.run([
    ...['install', 'sekisho', newerChart(folder, 'Newest'), '--namespace', namespace],
    ...profile('minimal'),
  ]);
  expect(said).toContain('STATUS: deployed');
  expect(await columns()).toContain('Newest');
});

test('pods stay as many as they are when an autoscaler takes over', async () => {
  await upgrade(CHART, ...profile('minimal'), '--set', 'auth.replicas=5');
  const scaled = ['--set', 'auth.replicas=5,auth.autoscaling.enabled=true'];
  await upgrade(CHART, ...profile('minimal'), ...scaled);
  expect(await cluster.get(auth)).toMatchObject({ spec: { replicas: 5 } });
  await upgrade(CHART, ...profile('minimal'), ...scaled);
  expect(await cluster.get(auth)).toMatchObject({ spec: { replicas: 5 } });
});

test('a trial makes its passwords once, and they fit each other', async () => {
  const trial = [...profile('kind'), '--set', 'issuer=https://auth.example.org'];
  expect(await upgrade(CHART, ...trial)).toContain('admin@example.org may administrate');
  const made = await secrets();
  await upgrade(CHART, ...trial, '--set', 'auth.replicas=2');
  expect(await secrets()).toEqual(made);

  const [password = ''] = /(?<=auth:)[^@]+/.exec(made.auth['redis-url'] ?? '') ?? [];
  expect(password).toHaveLength(40);
  expect(made.redis['users.acl']).toContain(`user auth on #${createHash('sha256').update(password).digest('hex')} `);
  expect(made.auth['database-url']).toContain(`:${made.postgresql['password']}@`);
  const keys = [made.auth, made.guard].map((data) => Buffer.from(data['key-encryption-key'] ?? '', 'base64'));
  expect(keys.map(({ length }) => length)).toEqual([32, 32]);
  expect(keys[0]).not.toEqual(keys[1]);
});

test('the commands of docs/install.md work in their order', async () => {
  await helm.run(['uninstall', 'sekisho', '--namespace', namespace]);
  const page = readInstallPage();
  writeFileSync(join(folder, 'sekisho.yaml'), page.values);
  symlinkSync(join(CHART, '..'), join(folder, 'charts'));
  await cluster.apply(parse(page.namespace));
  const [trial = [], ...turned] = page.commands.toReversed();
  const names = turned.toReversed().map(([name]) => name);
  expect(names).toEqual(['install', 'upgrade', 'show', 'rollback', 'uninstall', 'template']);
  for (const command of turned.toReversed()) expect(await helm.run(command)).not.toBe('');
  expect(await helm.run(trial)).toContain('STATUS: deployed');
});
