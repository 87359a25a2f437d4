import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { AlreadyExistsError, connect, InvalidError, KubeClient, NotFoundError } from '@sekisho/kube';
import { FakeClock } from '@sekisho/kube/testing';
import { createLogger, createMetrics } from '@sekisho/telemetry';
import { afterAll, afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { ISSUERS, POLICIES } from '../resources.ts';
import { privateJwk, publicJwk } from '../testing/keys.ts';
import { useCluster } from '../testing/use-cluster.ts';
import { type Admission, startAdmission } from './admission.ts';
import { SECRETS, WEBHOOKS } from './resources.ts';
import { LIFETIME_MS, RENEW_BEFORE_MS } from './rotation.ts';

const HOUR_MS = 3600_000;
const DUE_MS = LIFETIME_MS - RENEW_BEFORE_MS;
const checkMs = 30_000;
const SETTLE_MS = 10 * checkMs;
const PATIENCE_MS = 120_000;
const host = '127.0.0.1';
const configuration = `sekisho-${randomBytes(4).toString('hex')}`;

const transport = connect({ kubeconfig: inject('kubeconfig') });
const operatorClient = new KubeClient(transport, { fieldManager: 'sekisho-operator' });
const cluster = useCluster({ operator: false });
let clock: FakeClock;
let admission: Admission;

afterAll(() => transport.close());

beforeEach(async () => {
  // So far behind that what it issues now, and what it issues once that is due for renewal, is valid today.
  clock = new FakeClock(Date.now() - DUE_MS - HOUR_MS);
  admission = await start();
  await cluster.client.apply(WEBHOOKS, webhookConfiguration(admission.address.port), { force: true });
  await vi.waitFor(async () => {
    await clock.advance(1_000);
    await admission.check();
    expect(await refusal()).toBeInstanceOf(InvalidError);
  }, PATIENCE_MS);
});
afterEach(async () => {
  await cluster.client.delete(WEBHOOKS, { name: configuration });
  // As long as the API server asks, somebody must answer.
  await vi.waitFor(async () => expect(await refusal()).not.toBeInstanceOf(Error), PATIENCE_MS);
  await admission.stop();
});

function start(): Promise<Admission> {
  return startAdmission({
    client: operatorClient,
    rootNamespace: 'istio-system',
    log: createLogger({ name: 'operator', level: 'silent' }),
    metrics: createMetrics({ undeclared: 'throw', processMetrics: false }),
    clock,
    random: () => 0.5,
    listen: { host, port: 0 },
    host,
    secret: { namespace: cluster.namespace, name: 'sekisho-webhook' },
    configuration,
    checkMs,
  });
}

/** For this test's objects only, as other tests use the API server too; what cannot be judged is refused, so that it shows. */
function webhookConfiguration(port: number) {
  const webhook = (resource: string, expression: string) => ({
    name: `${resource}.admission.sekisho.dev`,
    clientConfig: { url: `https://${host}:${port}/validate` },
    rules: [
      { apiGroups: ['auth.sekisho.dev'], apiVersions: ['*'], resources: [resource], operations: ['CREATE', 'UPDATE'] },
    ],
    matchConditions: [{ name: 'mine', expression }],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    // The most that there is: a machine that stands still for a while answers late.
    timeoutSeconds: 30,
    failurePolicy: 'Fail',
  });
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: configuration },
    webhooks: [
      webhook('serviceauthpolicies', `object.metadata.namespace == '${cluster.namespace}'`),
      webhook('tokenissuers', `object.metadata.name == '${cluster.issuerName}'`),
    ],
  };
}

/** What comes back for a policy with two mistakes that the schema of the CRD lets through. */
async function refusal(): Promise<unknown> {
  const rules = [
    { name: 'read', too: [], to: [{ paths: ['/a*b'] }], allow: { permissions: { anyOf: ['bucket:read'] } } },
  ];
  return created(cluster.policy('broken', { rules }));
}

/** What the API server answers to a new policy, which is gone afterwards: one that is stored may stay as it is, whatever is wrong. */
async function created(policy: ReturnType<typeof cluster.policy>): Promise<unknown> {
  try {
    const stored = await cluster.client.create(POLICIES, policy);
    await cluster.client.delete(POLICIES, stored.metadata, { uid: stored.metadata.uid });
    return stored;
  } catch (error) {
    // Stored by a call whose answer was lost.
    if (error instanceof AlreadyExistsError) await cluster.client.delete(POLICIES, policy.metadata);
    return error;
  }
}

async function fingerprint({ address }: Admission): Promise<string> {
  // Only looked at, and nothing is sent.
  const socket = connectTls({ ...address, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

async function authorities(): Promise<number> {
  const { webhooks } = await cluster.client.get(WEBHOOKS, { name: configuration });
  const bundles = (webhooks as { clientConfig: { caBundle: string } }[]).map(
    ({ clientConfig }) => clientConfig.caBundle,
  );
  expect(new Set(bundles).size).toBe(1);
  return Buffer.from(bundles.join(), 'base64').toString('utf8').split('BEGIN CERTIFICATE').length - 1;
}

describe('the API server', () => {
  test('refuses a policy by the path of each mistake, and stores nothing', async () => {
    const error = await refusal();
    expect(error).toMatchObject({ code: 'invalid', status: 422 });
    expect(String(error)).toContain('spec.rules[0].too: unknown field; did you mean "to"?');
    await expect(cluster.client.get(POLICIES, { namespace: cluster.namespace, name: 'broken' })).rejects.toBeInstanceOf(
      NotFoundError,
    );
  });

  test('takes a policy that is fine', async () => {
    expect(await cluster.client.create(POLICIES, cluster.policy('bucket'))).toMatchObject({
      kind: 'ServiceAuthPolicy',
    });
  });

  test('refuses the name of a service that another namespace has', async () => {
    const taken = `taken-${randomBytes(4).toString('hex')}`;
    const elsewhere = cluster.policy('holder', { service: taken });
    const holder = { ...elsewhere, metadata: { ...elsewhere.metadata, namespace: 'default' } };
    await cluster.client.create(POLICIES, holder);
    try {
      await vi.waitFor(async () => {
        // The webhook learns of the holder by its watch, which pauses by this clock where it fails.
        await clock.advance(1_000);
        const answer = await created(cluster.policy('thief', { service: taken }));
        expect(String(answer)).toMatch(/spec.service: .* default\/holder/);
        expect(answer).toBeInstanceOf(InvalidError);
      }, PATIENCE_MS);
    } finally {
      await cluster.client.delete(POLICIES, holder.metadata);
    }
  });

  test('never stores a private key, and says nothing of its value', async () => {
    const key = privateJwk('k2');
    const issuer = cluster.issuer({ jwks: { keys: [publicJwk('k1'), key] } });
    const error = await cluster.client.apply(ISSUERS, issuer, { force: true }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'invalid' });
    expect(String(error)).toContain('spec.jwks.keys[1]: is a private or symmetric key');
    expect(String(error)).not.toContain(String(key.d));
    const { spec } = await cluster.client.get(ISSUERS, { name: cluster.issuerName });
    expect(JSON.stringify(spec)).not.toContain('"d"');
  });

  test('lets a broken policy that is stored already be labelled and deleted, but not broken further', async () => {
    await cluster.client.delete(WEBHOOKS, { name: configuration });
    const broken = cluster.policy('old', { rulez: [] });
    await vi.waitFor(() => cluster.client.apply(POLICIES, broken, { force: true }), PATIENCE_MS);
    await cluster.client.apply(WEBHOOKS, webhookConfiguration(admission.address.port), { force: true });
    await vi.waitFor(async () => {
      await clock.advance(checkMs);
      expect(await refusal()).toBeInstanceOf(InvalidError);
    }, PATIENCE_MS);
    const labelled = { ...broken, metadata: { ...broken.metadata, labels: { team: 'storage' } } };
    await cluster.client.apply(POLICIES, labelled, { force: true });
    const worse = { ...broken, spec: { ...broken.spec, rulez: [1] } };
    await expect(cluster.client.apply(POLICIES, worse, { force: true })).rejects.toBeInstanceOf(InvalidError);
    await cluster.client.delete(POLICIES, { namespace: cluster.namespace, name: 'old' });
  });
});

/** Lets so much time pass, and then one look at the certificates begin: the clock all but stands still while looks are under way. */
async function checkAfter(ms: number): Promise<void> {
  await clock.advance(ms);
  await vi.waitFor(async () => {
    await clock.advance(10);
    // It waits for the next one by now, which is longer than any wait after a failure.
    expect(Math.max(...clock.pending)).toBeGreaterThan((3 / 4) * checkMs);
  }, PATIENCE_MS);
  await clock.advance(checkMs);
}

describe('the certificate', () => {
  test('is rotated while requests go on, each of which is judged', async () => {
    const before = await fingerprint(admission);
    const answers: unknown[] = [];
    let going = true;
    const requests = (async () => {
      while (going) answers.push(await refusal());
    })();
    const becomes = (what: () => Promise<void>) => vi.waitFor(what, PATIENCE_MS);
    try {
      await checkAfter(DUE_MS);
      await becomes(async () => expect(await authorities()).toBe(2));
      expect(await fingerprint(admission)).toBe(before);
      await checkAfter(SETTLE_MS);
      await becomes(async () => expect(await fingerprint(admission)).not.toBe(before));
      await checkAfter(SETTLE_MS);
      await becomes(async () => expect(await authorities()).toBe(1));
      const seen = answers.length;
      await becomes(async () => expect(answers.length).toBeGreaterThan(seen + 5));
    } finally {
      going = false;
      await requests;
    }
    expect(answers.filter((answer) => !(answer instanceof InvalidError))).toEqual([]);
  });

  test('is shared by replicas, and nothing is written again by the second', async () => {
    const ref = { namespace: cluster.namespace, name: 'sekisho-webhook' };
    const before = await cluster.client.get(SECRETS, ref);
    const second = await start();
    await vi.waitFor(() => second.check(), PATIENCE_MS);
    expect(await fingerprint(second)).toBe(await fingerprint(admission));
    expect(await cluster.client.get(SECRETS, ref)).toEqual(before);
    await second.stop();
  });
});
