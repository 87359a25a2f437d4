import { type KubeObject, pathOf } from '@sekisho/kube';
import { parseJwks, readPolicyStatus, type TokenIssuerStatus } from '@sekisho/policy';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { GENERATED, PODS, POLICIES, toIstioObject } from './resources.ts';
import { publicJwk } from './testing/keys.ts';
import { planOf, serviceAuthPolicy, settled, tokenIssuer } from './testing/objects.ts';
import { applyPath, Scenario, type ScenarioOptions } from './testing/scenario.ts';

let scenario: Scenario;
afterEach(() => scenario.close());

async function given(options: ScenarioOptions): Promise<Scenario> {
  scenario = await Scenario.of(options);
  return scenario;
}

const issuer = tokenIssuer('platform');
const bucket = settled(serviceAuthPolicy('bucket'), issuer);
const everything = [bucket.policy, bucket.issuer, ...bucket.generated];

function resourceOf(object: KubeObject) {
  const istio = toIstioObject(object);
  if (!istio) throw new Error(`${object.kind} is not generated`);
  return GENERATED[istio.kind];
}

function oneOf(kind: string): KubeObject {
  const found = bucket.generated.find((object) => object.kind === kind);
  if (!found) throw new Error(`no ${kind}`);
  return found;
}

function conditionsIn(body: unknown) {
  return readPolicyStatus((body as KubeObject).status).conditions ?? [];
}

const DEFINITION = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/serviceauthpolicies.auth.sekisho.dev';
const definition = (metadata: object) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'serviceauthpolicies.auth.sekisho.dev', ...metadata },
});

describe('operator', () => {
  test('writes nothing when the API server holds everything already', async () => {
    const { api } = await given({ objects: everything });
    scenario.run();
    await scenario.settle();
    expect(api.calls.every(({ method }) => method === 'GET')).toBe(true);
    expect(await scenario.metrics.render()).toContain('sekisho_reconcile_total{result="unchanged"} 1');
  });

  test('writes no status where another manager has a condition beside the one that is right already', async () => {
    const { status } = bucket.issuer as { status: TokenIssuerStatus };
    const condition = { type: 'Reviewed', status: 'True', reason: 'ByHand', message: '' } as const;
    const conditions = [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00Z' }, ...(status.conditions ?? [])];
    const reviewed = { ...bucket.issuer, status: { ...status, conditions } };
    const { api } = await given({ objects: [bucket.policy, reviewed, ...bucket.generated] });
    scenario.run();
    await scenario.settle();
    expect(api.calls.every(({ method }) => method === 'GET')).toBe(true);
  });

  test('applies what a new policy asks for in the planned order, then says so', async () => {
    const policy = serviceAuthPolicy('bucket');
    await given({ objects: [policy, issuer] });
    const planned = planOf(policy, issuer).apply;
    for (const { kind, metadata } of planned) void scenario.applied(GENERATED[kind], metadata);
    const status = scenario.statusApplied(POLICIES, policy);
    scenario.issuerStatusAllowed(issuer);
    scenario.run();
    expect(conditionsIn((await status).body)).toMatchObject([
      { type: 'Accepted', status: 'True' },
      { type: 'Programmed', status: 'True' },
      { type: 'Enforced', status: 'Unknown', reason: 'NoWorkloads' },
      { type: 'Warning', status: 'True', reason: 'NoWorkloads' },
    ]);
    await scenario.settle();
    const written = scenario.api.calls.filter(({ method, path }) => method === 'PATCH' && path.includes('istio'));
    expect(written.map(({ body }) => (body as KubeObject).metadata.name)).toEqual(planned.map((o) => o.metadata.name));
  });

  test('counts workloads as they come, and takes a warning back', async () => {
    await given({ objects: everything });
    scenario.run();
    await scenario.settle();
    const status = scenario.statusApplied(POLICIES, bucket.policy);
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a', namespace: 'shop', labels: { app: 'bucket' } },
    };
    await scenario.event('ADDED', PODS, pod);
    const { body } = await status;
    expect(readPolicyStatus((body as KubeObject).status).workloads).toEqual({ selected: 1 });
    expect(conditionsIn(body)).toContainEqual(expect.objectContaining({ type: 'Warning', status: 'False' }));
    await scenario.settle();
  });

  test('puts a deleted object back and leaves the status as it is', async () => {
    await given({ objects: everything });
    const object = oneOf('AuthorizationPolicy');
    scenario.run();
    await scenario.settle();
    const again = scenario.applied(resourceOf(object), object.metadata);
    await scenario.event('DELETED', resourceOf(object), object);
    expect(((await again).body as KubeObject).spec).toEqual(object.spec);
    await scenario.settle();
  });

  test('replaces an object whole when apply cannot take away what someone added', async () => {
    await given({ objects: everything });
    const object = oneOf('AuthorizationPolicy');
    const annotations = { ...object.metadata.annotations, 'istio.io/dry-run': 'true' };
    scenario.run();
    await scenario.settle();
    void scenario.applied(resourceOf(object), object.metadata, { annotations });
    const whole = scenario.replaced(resourceOf(object), object.metadata);
    await scenario.event('MODIFIED', resourceOf(object), { ...object, metadata: { ...object.metadata, annotations } });
    expect(((await whole).body as KubeObject).metadata.annotations).not.toHaveProperty(['istio.io/dry-run']);
    await scenario.settle();
  });

  test('takes restored objects over from a policy that is gone, each in one write, and removes what is left of it', async () => {
    const object = oneOf('AuthorizationPolicy');
    const lock = { ...object, metadata: { ...object.metadata, name: 'lock', uid: 'uid-lock' } };
    const restored = [...bucket.generated, lock].map((object) => {
      const ownerReferences = (object.metadata.ownerReferences ?? []).map((owner) => ({ ...owner, uid: 'uid-gone' }));
      return { ...object, metadata: { ...object.metadata, ownerReferences } };
    });
    const { api } = await given({ objects: [bucket.policy, bucket.issuer, ...restored] });
    api.allow('GET', pathOf(POLICIES, bucket.policy.metadata), (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(bucket.policy));
    });
    const replaced = bucket.generated.map((object) => scenario.replaced(resourceOf(object), object.metadata));
    const removed = scenario.deleted(GENERATED.AuthorizationPolicy, lock.metadata);
    scenario.issuerStatusAllowed(bucket.issuer);
    scenario.run();
    for (const { body } of await Promise.all(replaced)) {
      const { resourceVersion, ownerReferences } = (body as KubeObject).metadata;
      expect(resourceVersion).toMatch(/^\d+$/);
      expect(ownerReferences).toMatchObject([{ uid: bucket.policy.metadata.uid }]);
    }
    expect((await removed).body).toMatchObject({ preconditions: { uid: 'uid-lock' } });
    await scenario.settle();
  });

  test('takes nothing over while the API server knows another policy of that name than the cache', async () => {
    const ownerReferences = [{ ...bucket.generated[0]?.metadata.ownerReferences?.[0], uid: 'uid-newer' }];
    const others = bucket.generated.map((object) => ({ ...object, metadata: { ...object.metadata, ownerReferences } }));
    const { api } = await given({ objects: [bucket.policy, bucket.issuer, ...others] as KubeObject[] });
    const newer = { ...bucket.policy, metadata: { ...bucket.policy.metadata, uid: 'uid-newer' } };
    api.allow('GET', pathOf(POLICIES, newer.metadata), (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(newer));
    });
    scenario.issuerStatusAllowed(bucket.issuer);
    scenario.run();
    await scenario.settle();
    expect(api.calls.some(({ path, method }) => method !== 'GET' && path.includes('istio.io'))).toBe(false);
  });

  test('tells of a refused write in the status and holds up no other policy', async () => {
    const poisoned = serviceAuthPolicy('poisoned');
    const [first] = planOf(poisoned, bucket.issuer).apply;
    if (!first) throw new Error('nothing to apply');
    await given({ objects: everything });
    scenario.run();
    await scenario.settle();
    void scenario.refused(GENERATED[first.kind], first.metadata, 403, 'user may not patch');
    const status = scenario.statusApplied(POLICIES, poisoned);
    scenario.issuerStatusAllowed(bucket.issuer);
    await scenario.event('ADDED', POLICIES, poisoned);
    expect(conditionsIn((await status).body)).toContainEqual(
      expect.objectContaining({
        type: 'Programmed',
        status: 'False',
        message: expect.stringContaining('may not patch'),
      }),
    );
    const object = oneOf('AuthorizationPolicy');
    const repair = scenario.applied(resourceOf(object), object.metadata);
    await scenario.event('DELETED', resourceOf(object), object);
    await repair;
  });

  test('retries a refused write at its back-off, however the reason is worded each time', async () => {
    const poisoned = serviceAuthPolicy('poisoned');
    const [first] = planOf(poisoned, bucket.issuer).apply;
    if (!first) throw new Error('nothing to apply');
    const { api } = await given({ objects: everything });
    scenario.run();
    await scenario.settle();
    const triedAt: number[] = [];
    const path = applyPath(GENERATED[first.kind], first.metadata);
    api.allow('PATCH', path, (response) => {
      triedAt.push(scenario.clock.monotonic());
      const message = `failed calling webhook: read tcp 10.0.0.1:${40_000 + triedAt.length}: connection reset by peer`;
      response
        .writeHead(403, { 'content-type': 'application/json' })
        .end(JSON.stringify({ kind: 'Status', code: 403, reason: 'Forbidden', message }));
    });
    scenario.statusAllowed(POLICIES, poisoned);
    scenario.issuerStatusAllowed(bucket.issuer);
    await scenario.event('ADDED', POLICIES, poisoned);
    await vi.waitFor(() => expect(triedAt.length).toBeGreaterThan(3), 60_000);
    const pauses = triedAt.slice(1, 4).map((at, index) => at - (triedAt[index] ?? at));
    // The middle of each back-off.
    for (const [index, least] of [150, 300, 600].entries()) expect(pauses[index]).toBeGreaterThanOrEqual(least);
  });

  test('writes nothing but a status for a policy in the root namespace of the mesh', async () => {
    const policy = serviceAuthPolicy('bucket');
    const misplaced = { ...policy, metadata: { ...policy.metadata, namespace: 'istio-system' } };
    const { api } = await given({ objects: [misplaced, issuer] });
    const status = scenario.statusApplied(POLICIES, misplaced);
    scenario.issuerStatusAllowed(issuer);
    scenario.run();
    expect(conditionsIn((await status).body)).toMatchObject([
      { type: 'Accepted', status: 'False', reason: 'RootNamespace' },
      { type: 'Programmed', status: 'False', reason: 'NothingProgrammed' },
      { type: 'Enforced', status: 'False', reason: 'NotAccepted' },
      { type: 'Warning', status: 'Unknown' },
    ]);
    await scenario.settle();
    expect(api.calls.some(({ method, path }) => method !== 'GET' && path.includes('istio.io'))).toBe(false);
  });

  test('removes objects whose policy is gone, after asking the API server, by uid', async () => {
    await given({ objects: [bucket.issuer, ...bucket.generated] });
    const missing = { kind: 'Status', code: 404, reason: 'NotFound' };
    void scenario.api.reply(
      'GET',
      '/apis/auth.sekisho.dev/v1alpha1/namespaces/shop/serviceauthpolicies/bucket',
      404,
      missing,
    );
    void scenario.api.reply('GET', DEFINITION, 200, definition({ creationTimestamp: '2025-01-01T00:00:00Z' }));
    const deletes = bucket.generated.map((object) => {
      const { name } = object.metadata;
      const path = `/apis/security.istio.io/v1/namespaces/shop/${resourceOf(object).plural}/${name}`;
      return scenario.api.reply('DELETE', path, 200, { kind: 'Status', status: 'Success' });
    });
    scenario.issuerStatusAllowed(bucket.issuer);
    scenario.run();
    for (const call of await Promise.all(deletes)) {
      expect(call.body).toMatchObject({ preconditions: { uid: expect.stringMatching(/^uid-/) } });
    }
    await scenario.settle();
  });

  test('removes nothing while another policy is about to govern the workload', async () => {
    const heir = serviceAuthPolicy('heir', { selector: { matchLabels: { app: 'bucket' } } });
    await given({ objects: [bucket.issuer, ...bucket.generated, heir] });
    const [first] = planOf(heir, bucket.issuer).apply;
    if (first === undefined) throw new Error('nothing to apply');
    const applying = scenario.hanging(GENERATED[first.kind], first.metadata);
    scenario.issuerStatusAllowed(bucket.issuer);
    scenario.run();
    await applying;
    await scenario.settle();
  });

  test('removes nothing while the API server still knows the policy that the cache lacks', async () => {
    await given({ objects: [bucket.issuer, ...bucket.generated] });
    const path = '/apis/auth.sekisho.dev/v1alpha1/namespaces/shop/serviceauthpolicies/bucket';
    void scenario.api.reply('GET', path, 200, bucket.policy);
    scenario.issuerStatusAllowed(bucket.issuer);
    scenario.run();
    await scenario.settle();
  });

  test.each([
    ['no definition', 404, { kind: 'Status', code: 404, reason: 'NotFound' }],
    ['one that is being deleted', 200, definition({ deletionTimestamp: '2026-01-02T00:00:00Z' })],
  ])('removes nothing when the kind of the policy itself is unknown, and there is %s', async (_, status, answer) => {
    await given({ objects: [bucket.issuer, ...bucket.generated] });
    const path = '/apis/auth.sekisho.dev/v1alpha1/namespaces/shop/serviceauthpolicies/bucket';
    void scenario.api.expect('GET', path, (response) => response.writeHead(404).end('404 page not found'));
    void scenario.api.reply('GET', DEFINITION, status, answer);
    scenario.issuerStatusAllowed(bucket.issuer);
    scenario.run();
    await scenario.settle();
    expect(scenario.told).toEqual([expect.stringMatching(/^Warning Orphaned: /)]);
  });

  test('closes a new policy until the first fetch of its issuer ends, and holds up no other', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const hanging = tokenIssuer('hanging', { jwksUri: 'https://slow.example/jwks.json', default: false });
    const slow = serviceAuthPolicy('slow', { issuers: ['hanging'] });
    const quick = serviceAuthPolicy('bucket');
    await given({ objects: [quick, bucket.issuer, hanging, slow], fetch: () => promise });
    for (const { kind, metadata } of planOf(quick, issuer).apply) void scenario.applied(GENERATED[kind], metadata);
    void scenario.statusApplied(POLICIES, quick);
    scenario.issuerStatusAllowed(bucket.issuer);
    const [lock] = planOf(slow, hanging).apply;
    if (!lock) throw new Error('nothing locks');
    const locked = scenario.applied(GENERATED.AuthorizationPolicy, lock.metadata);
    const closed = scenario.statusApplied(POLICIES, slow);
    scenario.run();
    expect((await locked).body).toMatchObject({ spec: { action: 'DENY', rules: [{}] } });
    expect(conditionsIn((await closed).body)).toContainEqual(expect.objectContaining({ reason: 'DenyAll' }));
    await scenario.settle();

    const keys = { keys: [publicJwk('late')] };
    const parsed = parseJwks(keys);
    const planned = planOf(slow, hanging, parsed.ok ? parsed.value : undefined).apply;
    for (const { kind, metadata } of planned) void scenario.applied(GENERATED[kind], metadata);
    const removed = scenario.deleted(GENERATED.AuthorizationPolicy, lock.metadata);
    void scenario.statusApplied(POLICIES, slow);
    scenario.issuerStatusAllowed(hanging);
    resolve(keys);
    await removed;
    await scenario.settle();
  });

  test('leaves what is in force, and its status, alone while the first fetch after a start is under way', async () => {
    const { jwks } = issuer.spec as { jwks: unknown };
    const hanging = tokenIssuer('platform', { jwksUri: 'https://slow.example/jwks.json' });
    const { api } = await given({
      objects: [bucket.policy, hanging, ...bucket.generated],
      fetch: () => new Promise((resolve) => setTimeout(resolve, 100, jwks)),
    });
    scenario.issuerStatusAllowed(hanging);
    scenario.run();
    await scenario.settle();
    const written = api.calls.filter(({ method }) => method !== 'GET').map(({ path }) => path);
    expect(written.filter((path) => !path.includes('/tokenissuers/'))).toEqual([]);
  });
});
