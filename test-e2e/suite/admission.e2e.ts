import { once } from 'node:events';
import { connect } from 'node:tls';
import type { KubeObject } from '@sekisho/kube';
import { generateSigningKey, toJwks } from '@sekisho/tokens';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { lacks } from '../kind/exceptions.ts';
import { Cluster } from '../mesh/cluster.ts';
import { frozen } from '../mesh/frozen.ts';
import { killed } from '../mesh/killed.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { waitFor } from '../mesh/wait.ts';
import { Policies } from '../story/policies.ts';
import { type ApiAnswer, type ApiCall, apiCaller } from './api-call.ts';

const API = '/apis/auth.sekisho.dev/v1alpha1';
const POLICIES = `${API}/namespaces/shop/serviceauthpolicies`;
const ISSUERS = `${API}/tokenissuers`;
const CONFIGURATION = 'admissionregistration.k8s.io/v1';
const NAME = 'admission-test';
/** What the API server says of a webhook that did not answer in time. */
const TOO_LATE = /deadline exceeded|timeout/i;

let mesh: MeshInfo;
let cluster: Cluster;
let api: ApiCall;

beforeAll(() => {
  mesh = inject('mesh');
  cluster = new Cluster(mesh.kubeconfig);
  api = apiCaller(mesh.kubeconfig);
});
afterEach(async () => {
  for (const path of [POLICIES, ISSUERS]) await api('DELETE', `${path}/${NAME}`);
});
afterAll(() => cluster?.close());

const read = { name: 'read', to: [{ methods: ['GET'] }], allow: { permissions: { anyOf: ['x:read'] } } };

/** A policy for a workload that does not exist. */
const policy = (...rules: readonly object[]) => ({
  apiVersion: 'auth.sekisho.dev/v1alpha1',
  kind: 'ServiceAuthPolicy',
  metadata: { name: NAME, namespace: 'shop' },
  spec: { selector: { matchLabels: { app: NAME } }, rules },
});
const issuer = (spec: object) => ({
  apiVersion: 'auth.sekisho.dev/v1alpha1',
  kind: 'TokenIssuer',
  metadata: { name: NAME },
  spec: { issuer: `https://${NAME}.example`, ...spec },
});
const misspelt = policy({ ...read, too: [], allow: { ...read.allow, permision: 'x:read' } });

async function newPrivateKey() {
  const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']);
  return { ...(await crypto.subtle.exportKey('jwk', privateKey)), kid: 'k1' };
}

async function configuration(): Promise<KubeObject> {
  const kind = 'ValidatingWebhookConfiguration';
  return cluster.client.get(await cluster.resource({ apiVersion: CONFIGURATION, kind }), { name: 'sekisho' });
}

async function webhook(): Promise<{ readonly url: URL; readonly authorities: number }> {
  const [first] = (await configuration())['webhooks'] as { clientConfig: { url: string; caBundle: string } }[];
  if (first === undefined) throw new Error('the configuration has no webhook');
  const bundle = Buffer.from(first.clientConfig.caBundle, 'base64').toString('utf8');
  return { url: new URL(first.clientConfig.url), authorities: bundle.split('BEGIN CERTIFICATE').length - 1 };
}

async function fingerprint(): Promise<string> {
  const { hostname: host, port } = (await webhook()).url;
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

describe('the API server, before it stores anything', () => {
  test('refuses each field that does not exist, by its path', async () => {
    const { status, causes, message } = await api('POST', POLICIES, misspelt);
    expect(status).toBe(422);
    expect(causes).toEqual([
      'spec.rules[0].too: unknown field; did you mean "to"?',
      expect.stringContaining('spec.rules[0].allow.permision: unknown field; '),
    ]);
    expect(message).toContain('admission webhook "policies.admission.auth.sekisho.dev" denied the request');
  });

  test.each([
    [
      'in a permission, by the schema',
      { ...read, allow: { permissions: { anyOf: ['x:*'] } } },
      'allow.permissions.anyOf[0]',
    ],
    ['inside a path, by the operator', { ...read, to: [{ paths: ['/a*b'] }] }, 'to[0].paths[0]'],
  ])('refuses a wildcard %s', async (_, rule, path) => {
    const { status, causes } = await api('POST', POLICIES, policy(rule));
    expect(status).toBe(422);
    expect(causes).toEqual([expect.stringContaining(`spec.rules[0].${path}: `)]);
  });

  test('refuses a private key, and keeps nothing of it', async () => {
    const jwk = await newPrivateKey();
    const { status, causes, message } = await api('POST', ISSUERS, issuer({ jwks: { keys: [jwk] } }));
    expect(status).toBe(422);
    expect(causes).toEqual([expect.stringContaining('spec.jwks.keys[0]: is a private or symmetric key; ')]);
    expect(message).not.toContain(String(jwk.d));
    expect((await api('GET', `${ISSUERS}/${NAME}`)).status).toBe(404);
  });

  test('hands warnings to the client for what is allowed but wide', async () => {
    const rules = [
      { name: 'open', allow: { public: true } },
      { ...read, to: [{ methods: ['GET'], paths: ['/admin*'] }] },
    ];
    const { status, warnings } = await api('POST', `${POLICIES}?dryRun=All`, policy(...rules));
    expect(status).toBe(201);
    expect(warnings).toEqual([
      expect.stringContaining('spec.rules[0] opens every request to everybody'),
      expect.stringContaining('spec.rules[1].to[0].paths[0] matches whatever begins with /admin'),
    ]);
  });
});

test.skipIf(lacks(inject('mesh'), 'a webhook with an address'))(
  'the certificate is replaced while requests go on, each of which is judged',
  async () => {
    const before = await fingerprint();
    const privateKey = await newPrivateKey();
    const answers: ApiAnswer[] = [];
    let going = true;
    const requests = (async () => {
      while (going) answers.push(await api('POST', ISSUERS, issuer({ jwks: { keys: [privateKey] } })));
    })();
    try {
      // How a person replaces a key that may have leaked.
      const secret = await cluster.get('v1', 'Secret', 'sekisho-system', 'sekisho-webhook');
      await cluster.client.replace(await cluster.resource(secret), Object.assign({ ...secret }, { data: {} }));
      const isNew = async () => (await fingerprint()) !== before;
      await waitFor('a new certificate is served', isNew, { timeout: 120_000 });
      const isAlone = async () => (await webhook()).authorities === 1;
      await waitFor('its authority alone is trusted', isAlone, { timeout: 120_000 });
      const enough = answers.length + 10;
      await waitFor('more are judged', async () => answers.length > enough, { timeout: 120_000 });
    } finally {
      going = false;
      await requests;
    }
    // A machine that stands still for three seconds lets a question go without an answer, with any certificate.
    const isJudged = ({ status, message }: ApiAnswer) => status === 422 || TOO_LATE.test(message);
    expect(answers.filter((answer) => !isJudged(answer))).toEqual([]);
    expect(answers.some(({ status }) => status === 422)).toBe(true);
  },
  600_000,
);

describe('while the operator is down', () => {
  /** The operator that was killed by the test before is ready some time before the API server reaches it. */
  beforeEach(async () => {
    const jwks = toJwks([await generateSigningKey()]);
    const isAsked = async () => (await api('POST', `${ISSUERS}?dryRun=All`, issuer({ jwks }))).status === 201;
    await waitFor('the API server reaches the operator', isAsked, { timeout: 60_000 });
  });

  test('a broken policy is stored, opens nothing, and is reported when the operator is back', async () => {
    expect(await killed(mesh, 'operator', () => api('POST', POLICIES, misspelt))).toMatchObject({ status: 201 });
    const policies = new Policies(cluster);
    expect(await policies.condition('shop', NAME, 'Accepted')).toMatchObject({ status: 'False', reason: 'Invalid' });
    const { reason } = await policies.condition('shop', NAME, 'Programmed');
    expect(reason).toBe('DenyAll');
  });

  test('an issuer that may hold a key waits, whatever its field is called; one with a URL does not', async () => {
    const jwks = toJwks([await generateSigningKey()]);
    const answers = await killed(mesh, 'operator', async () => [
      await api('POST', ISSUERS, issuer({ jwks })),
      await api('POST', ISSUERS, issuer({ jwksUri: 'https://idp.example/jwks', jwk: jwks.keys[0] })),
      await api('POST', ISSUERS, issuer({ jwksUri: 'https://idp.example/jwks' })),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([500, 500, 201]);
    expect(answers[0]?.message).toContain('failed calling webhook "issuer-keys.admission.auth.sekisho.dev"');
  });

  test('an issuer with keys may still be labelled', async () => {
    const jwks = toJwks([await generateSigningKey()]);
    expect((await api('POST', ISSUERS, issuer({ jwks }))).status).toBe(201);
    const label = { metadata: { labels: { team: 'identity' } } };
    const { status } = await killed(mesh, 'operator', () => api('PATCH', `${ISSUERS}/${NAME}`, label));
    expect(status).toBe(200);
  });
});

describe.skipIf(lacks(inject('mesh'), 'stopped processes'))('while the operator stands still', () => {
  test('nobody waits for longer than three seconds', async () => {
    const webhooks = (await configuration())['webhooks'] as readonly { timeoutSeconds: number }[];
    expect(new Set(webhooks.map(({ timeoutSeconds }) => timeoutSeconds))).toEqual(new Set([3]));
  });

  test('a policy is stored after three seconds, and judged when the operator goes on', async () => {
    const { status } = await frozen(mesh, 'operator', () => api('POST', POLICIES, misspelt));
    expect(status).toBe(201);
    expect(await new Policies(cluster).condition('shop', NAME, 'Accepted')).toMatchObject({ reason: 'Invalid' });
  });

  test('an issuer with keys is refused after three seconds, with the reason', async () => {
    const jwks = toJwks([await generateSigningKey()]);
    const { status, message } = await frozen(mesh, 'operator', () => api('POST', ISSUERS, issuer({ jwks })));
    expect(status).toBe(500);
    expect(message).toContain('failed calling webhook "issuer-keys.admission.auth.sekisho.dev"');
    expect(message).toMatch(TOO_LATE);
  });
});
