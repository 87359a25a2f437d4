import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connect,
  discover,
  KubeClient,
  type KubeObject,
  NotFoundError,
  type Resource,
  systemClock,
} from '@sekisho/kube';
import { crds, readIssuerStatus, readPolicyStatus } from '@sekisho/policy';
import { createLogger, createMetrics } from '@sekisho/telemetry';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { createFetchJson } from './fetch-jwks.ts';
import { createOperator, type Operator } from './operator.ts';
import { GENERATED, ISSUERS, POLICIES } from './resources.ts';
import { publicJwk } from './testing/keys.ts';
import { TcpProxy } from './testing/tcp-proxy.ts';

const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: true };
const suffix = randomBytes(4).toString('hex');
const issuerName = `platform-${suffix}`;
const admin = connect({ kubeconfig: inject('kubeconfig') });
const client = new KubeClient(admin, { fieldManager: 'person' });

let namespace: string;
let folder: string;
let proxy: TcpProxy;
let operator: Operator;
let stopOperator: () => Promise<void>;
let writes: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'operator-'));
  const text = await readFile(inject('istioCrds'), 'utf8');
  const istio = parseAllDocuments(text).map((document): unknown => document.toJS());
  for (const definition of [...crds(), ...istio.filter(isObject)]) {
    await client.apply(await discover(client, definition), definition, { force: true });
  }
  const { server } = clusterOf(parse(await readFile(inject('kubeconfig'), 'utf8')));
  proxy = await TcpProxy.start({ host: new URL(server).hostname, port: Number(new URL(server).port) });
  await writeFile(join(folder, 'kubeconfig'), await proxiedKubeconfig());
}, 60_000);

afterAll(async () => {
  await proxy.close();
  await admin.close();
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  namespace = `operator-${randomBytes(4).toString('hex')}`;
  await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await client.apply(ISSUERS, issuer({ jwks: { keys: [publicJwk('k1')] } }), { force: true });
  startOperator();
  await vi.waitFor(() => expect(operator.ready).toBe(true), 15_000);
});

afterEach(async () => {
  await stopOperator();
  const { items } = await client.list(POLICIES, { namespace });
  for (const { metadata } of items) await client.delete(POLICIES, metadata, { uid: metadata.uid });
});

function isObject(value: unknown): value is KubeObject {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

function clusterOf(kubeconfig: { clusters: [{ cluster: { server: string } }] }) {
  return kubeconfig.clusters[0].cluster;
}

async function proxiedKubeconfig(): Promise<string> {
  const kubeconfig = parse(await readFile(inject('kubeconfig'), 'utf8'));
  clusterOf(kubeconfig).server = `https://127.0.0.1:${proxy.port}`;
  return JSON.stringify(kubeconfig);
}

function startOperator(): void {
  const transport = connect({ kubeconfig: join(folder, 'kubeconfig') });
  const keys = createFetchJson({ timeoutMs: 1_000, maxBytes: 256 * 1024 });
  writes = [];
  const counted: typeof transport = {
    close: () => transport.close(),
    send(call) {
      if (call.method !== 'GET') writes.push(`${call.method} ${call.path}`);
      return transport.send(call);
    },
  };
  operator = createOperator({
    client: new KubeClient(counted, { fieldManager: 'sekisho-operator' }),
    fetch: keys.fetch,
    trustDomain: 'cluster.local',
    jwksRefreshMs: 300_000,
    log: createLogger({ name: 'operator', level: 'silent' }),
    metrics: createMetrics({ processMetrics: false }),
    clock: systemClock,
    random: Math.random,
  });
  operator.start();
  stopOperator = async () => {
    await operator.stop(2_000);
    await keys.close();
    await transport.close();
  };
}

function issuer(spec: object) {
  return {
    apiVersion: 'auth.sekisho.dev/v1alpha1',
    kind: 'TokenIssuer',
    metadata: { name: issuerName },
    spec: { issuer: `https://${suffix}.sekisho.local`, ...spec },
  };
}

function policy(name: string, spec: object = {}) {
  const rules = [{ name: 'read', to: [{ methods: ['GET'] }], allow: { permissions: { anyOf: ['bucket:read'] } } }];
  return {
    apiVersion: 'auth.sekisho.dev/v1alpha1',
    kind: 'ServiceAuthPolicy',
    metadata: { name, namespace },
    spec: { selector: { matchLabels: { app: name } }, issuers: [issuerName], rules, ...spec },
  };
}

const ref = (name: string) => ({ namespace, name });

async function conditionOf(name: string, type: string) {
  const { status } = await client.get(POLICIES, ref(name));
  return readPolicyStatus(status).conditions?.find((condition) => condition.type === type);
}

async function programmed(name: string): Promise<void> {
  await vi.waitFor(async () => expect(await conditionOf(name, 'Programmed')).toMatchObject({ status: 'True' }), 10_000);
}

async function generatedOf(name: string): Promise<readonly KubeObject[]> {
  const lists = await Promise.all(Object.values(GENERATED).map((resource) => client.list(resource, { namespace })));
  const all = lists.flatMap(({ items }) => items);
  return all.filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.name === name));
}

async function allowOf(name: string): Promise<KubeObject> {
  const all = await generatedOf(name);
  const allow = all.find(
    ({ kind, spec }) => kind === 'AuthorizationPolicy' && JSON.stringify(spec).includes('"ALLOW"'),
  );
  if (!allow) throw new Error('no ALLOW policy');
  return allow;
}

/** Nothing is written for a while. */
async function quiet(): Promise<void> {
  const before = [...writes];
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(writes).toEqual(before);
}

describe('operator', () => {
  test('turns a policy into objects, says so, and then writes nothing more, also after a restart', async () => {
    await client.create(POLICIES, policy('bucket'));
    await programmed('bucket');
    const kinds = (await generatedOf('bucket')).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['RequestAuthentication', 'AuthorizationPolicy']));
    await vi.waitFor(async () => {
      const { keys } = readIssuerStatus((await client.get(ISSUERS, { name: issuerName })).status);
      expect(keys).toMatchObject([{ kid: 'k1', policies: 1, of: 1 }]);
    }, 5_000);
    await quiet();
    await stopOperator();
    startOperator();
    await vi.waitFor(() => expect(operator.ready).toBe(true), 10_000);
    await quiet();
    expect(writes).toEqual([]);
  });

  test('repairs a generated object that is deleted, edited, or given a dry-run annotation', async () => {
    await client.create(POLICIES, policy('bucket'));
    await programmed('bucket');
    const original = await allowOf('bucket');
    const path = GENERATED.AuthorizationPolicy;

    await client.delete(path, original.metadata);
    await vi.waitFor(async () => expect((await allowOf('bucket')).spec).toEqual(original.spec), 5_000);

    const { apiVersion, kind } = original;
    const open = { apiVersion, kind, metadata: ref(original.metadata.name), spec: { action: 'ALLOW', rules: [{}] } };
    await client.apply(path, open, { force: true });
    await vi.waitFor(async () => expect((await allowOf('bucket')).spec).toEqual(original.spec), 5_000);

    const annotations = { 'istio.io/dry-run': 'true' };
    await client.apply(path, { apiVersion, kind, metadata: { ...ref(original.metadata.name), annotations } });
    await vi.waitFor(async () => {
      expect((await allowOf('bucket')).metadata.annotations).not.toHaveProperty(['istio.io/dry-run']);
    }, 5_000);
    await quiet();
  });

  test('keeps the last good objects of a policy that breaks, and closes the workload of one that never was good', async () => {
    await client.create(POLICIES, policy('bucket'));
    await programmed('bucket');
    const before = await generatedOf('bucket');
    await client.apply(POLICIES, policy('bucket', { issuers: ['nobody'] }), { force: true });
    await vi.waitFor(
      async () => expect(await conditionOf('bucket', 'Accepted')).toMatchObject({ status: 'False' }),
      5_000,
    );
    expect(await generatedOf('bucket')).toEqual(before);

    await client.create(POLICIES, policy('fresh', { issuers: ['nobody'] }));
    await vi.waitFor(
      async () => expect(await conditionOf('fresh', 'Programmed')).toMatchObject({ reason: 'DenyAll' }),
      5_000,
    );
    expect((await generatedOf('fresh')).map(({ kind }) => kind)).toEqual(['AuthorizationPolicy']);
  });

  test('brings a new key of the issuer to every policy', async () => {
    const names = ['a', 'b', 'c'];
    for (const name of names) await client.create(POLICIES, policy(name));
    await Promise.all(names.map(programmed));
    await client.apply(ISSUERS, issuer({ jwks: { keys: [publicJwk('k1'), publicJwk('k2')] } }), { force: true });
    await vi.waitFor(async () => {
      const { keys } = readIssuerStatus((await client.get(ISSUERS, { name: issuerName })).status);
      expect(keys?.find(({ kid }) => kid === 'k2')).toMatchObject({ policies: 3, of: 3 });
    }, 10_000);
    await quiet();
  });

  test('a URL without keys holds up no policy of another issuer and takes no keys away', async () => {
    const server = createServer((_request, response) => response.end(JSON.stringify({ keys: [publicJwk('u1')] })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const jwksUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
    await client.apply(ISSUERS, issuer({ jwksUri }), { force: true });
    await client.create(POLICIES, policy('bucket'));
    await programmed('bucket');
    const held = (await generatedOf('bucket')).find(({ kind }) => kind === 'RequestAuthentication');
    expect(JSON.stringify(held?.spec)).toContain('u1');
    server.close();
    server.closeAllConnections();
    await stopOperator();
    startOperator();
    await vi.waitFor(async () => {
      const { conditions } = readIssuerStatus((await client.get(ISSUERS, { name: issuerName })).status);
      expect(conditions).toMatchObject([{ type: 'Ready', status: 'False', reason: 'FetchFailed' }]);
    }, 10_000);
    const after = (await generatedOf('bucket')).find(({ kind }) => kind === 'RequestAuthentication');
    expect(after?.metadata.resourceVersion).toBe(held?.metadata.resourceVersion);
  });

  test('goes on when every connection is cut, again and again', async () => {
    for (const name of ['a', 'b', 'c', 'd']) {
      proxy.cut();
      await client.create(POLICIES, policy(name));
      proxy.cut();
      await programmed(name);
    }
  });

  test('removes what a deleted policy leaves behind, without a garbage collector', async () => {
    await client.create(POLICIES, policy('bucket'));
    await programmed('bucket');
    await client.delete(POLICIES, ref('bucket'));
    await vi.waitFor(async () => expect(await generatedOf('bucket')).toEqual([]), 5_000);
    await expect(client.get(POLICIES, ref('bucket'))).rejects.toBeInstanceOf(NotFoundError);
  });

  test('hands the objects of a deleted and recreated policy over to the new one', async () => {
    await client.create(POLICIES, policy('bucket'));
    await programmed('bucket');
    await stopOperator();
    await client.delete(POLICIES, ref('bucket'));
    const { metadata } = await client.create(POLICIES, policy('bucket'));
    startOperator();
    await programmed('bucket');
    const owners = (await generatedOf('bucket')).flatMap((object) => object.metadata.ownerReferences ?? []);
    expect(new Set(owners.map(({ uid }) => uid))).toEqual(new Set([metadata.uid]));
  });
});
