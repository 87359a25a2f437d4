import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { clusterKey, FakeCluster, publicJwk } from '../testing/cluster.ts';
import { createClusterKeys } from './cluster-keys.ts';
import { createWorkloadProof } from './workload-proof.ts';

const refused = { code: 'invalid_request', message: expect.stringContaining('audience sekisho') };

function setUp() {
  const time = { now: new Date('2026-01-02T03:04:05Z') };
  const clock = () => time.now;
  const cluster = new FakeCluster(clock);
  const prove = createWorkloadProof({ clusterKeys: cluster.keys(), clock });
  const pass = (seconds: number) => {
    time.now = new Date(time.now.getTime() + seconds * 1000);
  };
  return { cluster, prove, pass, clock };
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('the proof of a workload', () => {
  test('is a projected token of the cluster for us', async () => {
    const { cluster, prove } = setUp();
    expect(await prove(await cluster.token('bucket'))).toEqual({ namespace: 'shop', serviceAccount: 'bucket' });
  });

  test.each([
    ['for another audience', { aud: ['https://kubernetes.default.svc.cluster.local'] }],
    ['for no audience', { aud: undefined }],
    ['of another issuer', { iss: 'https://elsewhere' }],
    ['that never ends', { exp: undefined }],
    ['without the claims of a ServiceAccount', { 'kubernetes.io': undefined }],
    ['whose sub is somebody else', { sub: 'system:serviceaccount:kube-system:default' }],
    ['whose sub is a node', { sub: 'system:node:worker' }],
    [
      'with a name that could be another',
      { 'kubernetes.io': { namespace: 'shop:bucket', serviceaccount: { name: 'x' } } },
    ],
    ['not valid yet', { nbf: 4_000_000_000 }],
  ])('is no token %s', async (_, claims) => {
    const { cluster, prove } = setUp();
    await expect(prove(await cluster.token('bucket', claims))).rejects.toMatchObject(refused);
  });

  test('ends with the token', async () => {
    const { cluster, prove, pass } = setUp();
    const token = await cluster.token('bucket');
    pass(3_607 + 60);
    await expect(prove(token)).rejects.toMatchObject(refused);
  });

  test("is not a token of another cluster, nor one under our cluster's kid", async () => {
    const { cluster, prove, clock } = setUp();
    const other = new FakeCluster(clock);
    await expect(prove(await other.token('bucket'))).rejects.toMatchObject(refused);
    await expect(prove(await other.token('bucket', {}, { kid: cluster.key.kid }))).rejects.toMatchObject(refused);
  });

  test('is not forged by algorithm: none, or HMAC with the public key', async () => {
    const { cluster, prove } = setUp();
    const [, payload] = (await cluster.token('bucket')).split('.');
    const { kid, privateKey } = cluster.key;
    const secret = createPublicKey(privateKey).export({ format: 'pem', type: 'spki' });
    for (const alg of ['none', 'HS256']) {
      const input = `${encode({ alg, kid })}.${payload}`;
      const signature = alg === 'none' ? '' : createHmac('sha256', secret).update(input).digest('base64url');
      await expect(prove(`${input}.${signature}`)).rejects.toMatchObject(refused);
    }
  });

  test('is not signed with a key that the token brings, nor does the token name where keys are', async () => {
    const { cluster, prove } = setUp();
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = publicKey.export({ format: 'jwk' });
    for (const brought of [
      { jwk },
      { jku: 'https://evil/jwks' },
      { x5u: 'https://evil/x' },
      { kid: cluster.key.kid },
    ]) {
      const [, payload = ''] = (await cluster.token('bucket')).split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
      const forged = new SignJWT(claims).setProtectedHeader({ alg: 'ES256', ...brought }).sign(privateKey);
      await expect(prove(await forged)).rejects.toMatchObject(refused);
    }
  });

  test.each(['', 'x', 'a.b.c', `${'a'.repeat(20_000)}`])('is no other text (%#)', async (text) => {
    await expect(setUp().prove(text)).rejects.toMatchObject(refused);
  });

  test('follows the keys of the cluster, but does not ask for every unknown one', async () => {
    const { cluster, prove, pass } = setUp();
    const before = await cluster.token('bucket');
    await prove(before);
    cluster.key = clusterKey();
    cluster.published = [cluster.key];
    await expect(prove(await cluster.token('bucket'))).rejects.toMatchObject(refused);
    pass(5);
    expect(await prove(await cluster.token('bucket'))).toMatchObject({ serviceAccount: 'bucket' });
    await expect(prove(before)).rejects.toMatchObject(refused);
  });
});

describe('the keys of a cluster', () => {
  function reading(answers: (() => unknown)[]) {
    const state = { now: 0, reads: 0 };
    const errors: unknown[] = [];
    const keys = createClusterKeys({
      read: async () => {
        const answer = answers[Math.min(state.reads, answers.length - 1)];
        state.reads += 1;
        return { issuer: 'https://cluster', jwks: answer?.() };
      },
      monotonic: () => state.now,
      onError: (error) => errors.push(error),
    });
    return { keys, state, errors };
  }
  const good = { keys: [publicJwk(clusterKey())] };
  const fail = () => {
    throw new Error('away');
  };

  test('are read once for all who ask at the same time, and again when they are old', async () => {
    const { keys, state } = reading([() => good]);
    await Promise.all([keys.current(), keys.current(), keys.refreshed()]);
    expect(state.reads).toBe(1);
    state.now = 5 * 60_000;
    await keys.current();
    expect(state.reads).toBe(2);
  });

  test('are believed for an hour when they cannot be read again', async () => {
    const { keys, state, errors } = reading([() => good, fail]);
    await keys.current();
    state.now = 60 * 60_000 - 1;
    expect(await keys.current()).toMatchObject({ issuer: 'https://cluster' });
    expect(errors).toHaveLength(1);
    state.now += 5_001;
    await expect(keys.current()).rejects.toMatchObject({ code: 'unavailable' });
  });

  test.each([
    {},
    { keys: [] },
    { keys: [{ kty: 'oct', kid: 'a', k: 'secret' }] },
    { keys: [{ kty: 'RSA', n: 'x', e: 'AQAB' }] },
    { keys: Array.from({ length: 33 }, () => good.keys[0]) },
  ])('are refused when they are something else (%#)', async (jwks) => {
    const { keys, errors } = reading([() => jwks]);
    await expect(keys.current()).rejects.toMatchObject({ code: 'unavailable' });
    expect(errors).toHaveLength(1);
  });
});
