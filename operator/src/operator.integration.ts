import { type KubeObject, NotFoundError } from '@sekisho/kube';
import { readPolicyStatus } from '@sekisho/policy';
import { describe, expect, test, vi } from 'vitest';
import { GENERATED, ISSUERS, POLICIES } from './resources.ts';
import { KeyServer } from './testing/key-server.ts';
import { publicJwk } from './testing/keys.ts';
import { resourceOf } from './testing/resource-of.ts';
import { useCluster } from './testing/use-cluster.ts';

const PATIENCE_MS = 90_000;

const cluster = useCluster();
const ref = (name: string) => ({ namespace: cluster.namespace, name });
const create = (name: string, spec?: object) => cluster.client.create(POLICIES, cluster.policy(name, spec));
const allow = () => cluster.generatedOne('bucket', 'AuthorizationPolicy', '"ALLOW"');

describe('operator', () => {
  test('turns a policy into objects, says so, and then writes nothing more, also after a restart', async () => {
    await create('bucket');
    await cluster.programmed('bucket');
    const kinds = (await cluster.generated('bucket')).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['RequestAuthentication', 'AuthorizationPolicy']));
    await cluster.counted(1);
    await cluster.quiet();
    await cluster.stopOperator();
    await cluster.startOperator();
    await cluster.quiet();
    expect(cluster.writes).toEqual([]);
  });

  test('closes a policy that asks for the name of a service elsewhere, until it is free', async () => {
    const holder = cluster.policy('holder');
    const elsewhere = { ...holder, metadata: { ...holder.metadata, namespace: 'default' } };
    await create('bucket');
    await cluster.programmed('bucket');
    await cluster.client.create(POLICIES, elsewhere);
    const told = async () => readPolicyStatus((await cluster.client.get(POLICIES, elsewhere.metadata)).status);
    const accepted = (status: object) =>
      vi.waitFor(async () => {
        const { conditions = [] } = await told();
        expect(conditions).toContainEqual(expect.objectContaining({ type: 'Accepted', ...status }));
      }, PATIENCE_MS);
    try {
      const message = expect.stringContaining(`${cluster.namespace}/bucket`);
      await accepted({ status: 'False', reason: 'ServiceConflicted', message });
      expect((await told()).service).toBeUndefined();
      await cluster.client.delete(POLICIES, ref('bucket'));
      await accepted({ status: 'True' });
    } finally {
      await cluster.client.delete(POLICIES, elsewhere.metadata);
    }
  });

  test('repairs a generated object that is deleted, edited, or given a dry-run annotation', async () => {
    await create('bucket');
    await cluster.programmed('bucket');
    const original = await allow();
    const { apiVersion, kind } = original;
    const name = original.metadata.name;
    const resource = GENERATED.AuthorizationPolicy;
    const isRepaired = async () => expect((await allow()).spec).toEqual(original.spec);

    await cluster.client.delete(resource, original.metadata);
    await vi.waitFor(isRepaired, PATIENCE_MS);

    const open = { apiVersion, kind, metadata: ref(name), spec: { action: 'ALLOW', rules: [{}] } };
    await cluster.client.apply(resource, open, { force: true });
    await vi.waitFor(isRepaired, PATIENCE_MS);

    const annotations = { 'istio.io/dry-run': 'true' };
    await cluster.client.apply(resource, { apiVersion, kind, metadata: { ...ref(name), annotations } });
    await vi.waitFor(async () => {
      expect((await allow()).metadata.annotations).not.toHaveProperty(['istio.io/dry-run']);
    }, PATIENCE_MS);
    await cluster.quiet();
  });

  test('keeps the last good objects of a policy that breaks', async () => {
    await create('bucket');
    await cluster.programmed('bucket');
    const before = await cluster.generated('bucket');
    await cluster.client.apply(POLICIES, cluster.policy('bucket', { issuers: ['nobody'] }), { force: true });
    await vi.waitFor(async () => {
      expect(await cluster.condition('bucket', 'Accepted')).toMatchObject({ status: 'False' });
    }, PATIENCE_MS);
    expect(await cluster.generated('bucket')).toEqual(before);
  });

  test('closes the workload of a policy that never was good', async () => {
    await create('fresh', { issuers: ['nobody'] });
    await vi.waitFor(async () => {
      expect(await cluster.condition('fresh', 'Programmed')).toMatchObject({ status: 'False', reason: 'DenyAll' });
    }, PATIENCE_MS);
    expect((await cluster.generated('fresh')).map(({ kind }) => kind)).toEqual(['AuthorizationPolicy']);
  });

  test('brings a new key of the issuer to every policy', async () => {
    const names = ['a', 'b', 'c'];
    for (const name of names) await create(name);
    await Promise.all(names.map((name) => cluster.programmed(name)));
    const keys = [publicJwk('k1'), publicJwk('k2')];
    await cluster.client.apply(ISSUERS, cluster.issuer({ jwks: { keys } }), { force: true });
    await vi.waitFor(async () => {
      const status = await cluster.issuerStatus();
      expect(status.keys?.find(({ kid }) => kid === 'k2')).toMatchObject({ policies: 3, of: 3 });
    }, PATIENCE_MS);
    await cluster.quiet();
  });

  test('leaves the keys in place when the URL is down at a restart', async () => {
    const server = await KeyServer.start(publicJwk('u1'));
    await cluster.client.apply(ISSUERS, cluster.issuer({ jwksUri: server.uri }), { force: true });
    await create('bucket');
    await cluster.programmed('bucket');
    // The change of the issuer comes on a watch of its own, and may come later than the policy.
    await vi.waitFor(() => cluster.generatedOne('bucket', 'RequestAuthentication', 'u1'), PATIENCE_MS);
    await cluster.quiet();
    const held = await cluster.generatedOne('bucket', 'RequestAuthentication');
    await cluster.stopOperator();
    await server.close();
    await cluster.startOperator();
    await vi.waitFor(async () => {
      const { conditions } = await cluster.issuerStatus();
      expect(conditions).toMatchObject([{ type: 'Ready', status: 'False', reason: 'FetchFailed' }]);
    }, PATIENCE_MS);
    await cluster.quiet();
    expect(await cluster.generatedOne('bucket', 'RequestAuthentication')).toEqual(held);
  });

  test('goes on when every connection is cut, again and again', async () => {
    for (const name of ['a', 'b', 'c', 'd']) {
      cluster.line.reset();
      await create(name);
      cluster.line.reset();
      await cluster.programmed(name);
    }
  });

  test('removes what a deleted policy leaves behind, without a garbage collector', async () => {
    await create('bucket');
    await cluster.programmed('bucket');
    await cluster.client.delete(POLICIES, ref('bucket'));
    await vi.waitFor(async () => expect(await cluster.generated('bucket')).toEqual([]), PATIENCE_MS);
    await expect(cluster.client.get(POLICIES, ref('bucket'))).rejects.toBeInstanceOf(NotFoundError);
  });

  test('hands the objects of a deleted and recreated policy over to the new one', async () => {
    await create('bucket');
    await cluster.programmed('bucket');
    await cluster.stopOperator();
    await cluster.client.delete(POLICIES, ref('bucket'));
    const { metadata } = await create('bucket');
    await cluster.startOperator();
    await cluster.programmed('bucket');
    const owners = (await cluster.generated('bucket')).flatMap((object) => object.metadata.ownerReferences ?? []);
    expect(new Set(owners.map(({ uid }) => uid))).toEqual(new Set([metadata.uid]));
  });

  test('takes over what a backup brought back with the reference to a policy that is gone', async () => {
    await create('bucket');
    await cluster.programmed('bucket');
    await cluster.stopOperator();
    await cluster.client.delete(POLICIES, ref('bucket'));
    for (const { apiVersion, kind, metadata, spec } of await cluster.generated('bucket')) {
      const { name, namespace, labels, annotations, ownerReferences } = metadata;
      const resource = resourceOf(kind);
      await cluster.client.delete(resource, metadata);
      const kept = { name, namespace, labels, annotations, ownerReferences };
      await cluster.client.create(resource, { apiVersion, kind, metadata: kept, spec } as KubeObject);
    }
    const { metadata } = await create('bucket');
    await cluster.startOperator();
    await cluster.programmed('bucket');
    const owners = (await cluster.generated('bucket')).flatMap((object) => object.metadata.ownerReferences ?? []);
    expect(new Set(owners.map(({ uid }) => uid))).toEqual(new Set([metadata.uid]));
    expect(cluster.writes.filter((write) => write.startsWith('DELETE'))).toEqual([]);
    await cluster.quiet();
  });
});
