import { randomBytes } from 'node:crypto';
import { systemClock } from '@sekisho/kube';
import { generateSigningKey, toJwks } from '@sekisho/tokens';
import { describe, expect, test } from 'vitest';
import type { WorkloadId } from '../exchange/workload.ts';
import { createWorkloadProof } from '../exchange/workload-proof.ts';
import { createServer } from '../http/server.ts';
import { FakeCluster } from '../testing/cluster.ts';
import { createFixture } from '../testing/fixture.ts';
import { rules, timing } from '../testing/key-keepers.ts';
import { memoryKeys } from '../testing/memory-keys.ts';
import { KeyKeeper } from './key-keeper.ts';
import { PublicKeyRing } from './public-key-ring.ts';
import { type KeyRegion, NO_REGION } from './region.ts';
import { signerRoutes } from './signer-routes.ts';

const URL = '/v1/signers/guard/keys';
const GUARD = { namespace: 'shop', serviceAccount: 'guard' };
const own = toJwks([await generateSigningKey()]);

interface SetUp {
  readonly workloads?: readonly WorkloadId[];
  readonly proves?: boolean;
  readonly region?: KeyRegion;
}

async function setUp({ workloads = [GUARD], proves = true, region = NO_REGION }: SetUp = {}) {
  const { log, clock, login } = createFixture();
  const cluster = new FakeCluster(clock);
  const store = memoryKeys(() => clock().getTime(), { region });
  const guard = new KeyKeeper({
    store,
    region,
    ring: new PublicKeyRing(systemClock, timing),
    rules,
    timing,
    spread: async () => ({ kind: 'unreported' }),
    revokeKey: async () => undefined,
    observer: { seen: () => {}, done: () => {}, compromised: () => {}, unreadable: () => {}, failed: () => {} },
    clock: systemClock,
    random: Math.random,
  });
  const app = createServer(log);
  const proveWorkload = proves ? createWorkloadProof({ clusterKeys: cluster.keys(), clock }) : undefined;
  signerRoutes(app, { guard, accessKeys: () => own, workloads, proveWorkload });
  const token = await cluster.token('guard');
  const get = (authorization = `Bearer ${token}`) => app.inject({ url: URL, headers: { authorization } });
  const post = (payload: object, authorization = `Bearer ${token}`) =>
    app.inject({ method: 'POST', url: URL, headers: { authorization }, payload });
  return { app, clock, cluster, store, guard, login, token, get, post };
}

async function offerOf(region?: string) {
  const { kid, publicJwk } = await generateSigningKey('ES256', region);
  return { kid, offer: { jwk: publicJwk, alg: 'ES256', sealed: randomBytes(150).toString('base64url') } };
}

describe('the guard', () => {
  test('is told that a key is wanted, offers it, and is told of it', async () => {
    const { get, post } = await setUp();
    expect((await get()).json()).toEqual({
      keys: [],
      otherKeys: [],
      wanted: { alg: 'ES256' },
      accessKeys: own.keys,
      signForSeconds: 86_400,
    });
    const { kid, offer } = await offerOf();
    const response = await post(offer);
    expect(response.statusCode).toBe(200);
    const listed = { kid, alg: 'ES256', state: 'active', jwk: offer.jwk, sealed: offer.sealed };
    expect(response.json()).toMatchObject({ keys: [listed], wanted: { alg: 'ES256' } });
    const second = await offerOf();
    expect((await post(second.offer)).json().keys.map(({ state }: { state: string }) => state)).toEqual([
      'active',
      'next',
    ]);
    const answer = await get();
    expect(answer.json()).not.toHaveProperty('wanted');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect((await post(second.offer)).statusCode).toBe(200);
    expect((await post((await offerOf()).offer)).json()).toMatchObject({ status: 409, code: 'key_unwanted' });
  });

  test('is told in which region, offers a key of it, and learns of those in others', async () => {
    const region = { name: 'eu', others: ['us'], isFirst: true };
    const { clock, store, get, post } = await setUp({ region });
    const elsewhere = memoryKeys(() => clock().getTime(), {
      region: { name: 'us', others: ['eu'], isFirst: false },
      rows: store.rows,
    });
    const { publicJwk: jwk } = await generateSigningKey('ES256', 'us');
    const key = { kid: jwk.kid, alg: 'ES256', sealed: randomBytes(8), publicJwk: jwk, longestTokenMs: 1 } as const;
    await elsewhere.start(key);
    expect((await get()).json()).toMatchObject({ keys: [], wanted: { alg: 'ES256', region: 'eu' }, otherKeys: [jwk] });
    for (const wrong of [await offerOf(), await offerOf('us')]) {
      expect((await post(wrong.offer)).json()).toMatchObject({ code: 'key_unwanted' });
    }
    const { kid, offer } = await offerOf('eu');
    expect((await post(offer)).json()).toMatchObject({ keys: [{ kid, state: 'active' }], otherKeys: [jwk] });
  });

  test('gets no private half of a key that signs no more', async () => {
    const { store, get, post } = await setUp();
    const [first, second] = [await offerOf(), await offerOf()];
    await post(first.offer);
    await post(second.offer);
    await store.promote(second.kid, first.kid);
    const { keys } = (await get()).json();
    expect(keys[0]).toEqual({ kid: first.kid, alg: 'ES256', state: 'retiring', jwk: first.offer.jwk });
    expect(keys[1]).toMatchObject({ state: 'active', sealed: second.offer.sealed });
  });

  test.each([
    ['a private key', async () => ({ ...(await offerOf()).offer, jwk: await withPrivateHalf() })],
    [
      'a key under the name of another',
      async () => ({ ...(await offerOf()).offer, jwk: { ...(await offerOf()).offer.jwk, kid: 'A'.repeat(43) } }),
    ],
    ['another algorithm than that of the key', async () => ({ ...(await offerOf()).offer, alg: 'RS256' })],
    ['an unknown algorithm', async () => ({ ...(await offerOf()).offer, alg: 'none' })],
    ['nothing sealed', async () => ({ ...(await offerOf()).offer, sealed: '' })],
    ['too much sealed', async () => ({ ...(await offerOf()).offer, sealed: 'A'.repeat(4_097) })],
    ['something beside it', async () => ({ ...(await offerOf()).offer, state: 'active' })],
    ['no key', async () => ({})],
  ])('offers in vain %s', async (_, offer) => {
    const { store, post } = await setUp();
    expect((await post(await offer())).json()).toMatchObject({ status: 400, code: 'request_invalid' });
    expect(store.rows.size).toBe(0);
  });

  async function withPrivateHalf() {
    return { ...(await generateSigningKey()).privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'x' };
  }
});

describe('whoever is not the guard', () => {
  const forbidden = { status: 403, code: 'permission_missing' };

  test('learns nothing and changes nothing', async () => {
    const { app, cluster, store, login, get, post } = await setUp();
    const { offer } = await offerOf();
    const user = await login({ email: 'alice@example.org', password: 'correct horse', device: {}, ip: '192.0.2.1' });
    const refused: [string, object][] = [
      [await cluster.token('bucket'), forbidden],
      [user.token, { status: 401, code: 'token_invalid' }],
      [
        await cluster.token('guard', { aud: ['https://kubernetes.default.svc'] }),
        { status: 401, code: 'token_invalid' },
      ],
      [await cluster.token('guard', { exp: 1 }), { status: 401, code: 'token_invalid' }],
      ['x.y.z', { status: 401, code: 'token_invalid' }],
    ];
    for (const [token, problem] of refused) {
      expect((await get(`Bearer ${token}`)).json()).toMatchObject(problem);
      expect((await post(offer, `Bearer ${token}`)).json()).toMatchObject(problem);
    }
    expect((await app.inject({ url: URL })).json()).toMatchObject({ status: 401, code: 'token_missing' });
    expect(store.rows.size).toBe(0);
  });

  test('is a workload of the same name in another namespace', async () => {
    const { cluster, get } = await setUp({ workloads: [{ namespace: 'sekisho-system', serviceAccount: 'guard' }] });
    expect((await get(`Bearer ${await cluster.token('guard')}`)).json()).toMatchObject(forbidden);
  });

  test('is everybody where no guard is named, or nobody can prove anything', async () => {
    for (const options of [{ workloads: [] }, { proves: false }]) {
      const { get, post } = await setUp(options);
      expect((await get()).json()).toMatchObject(forbidden);
      expect((await post((await offerOf()).offer)).json()).toMatchObject(forbidden);
    }
  });
});
