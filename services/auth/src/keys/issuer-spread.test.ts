import { connect, DEFAULT_RETRY, KubeClient } from '@sekisho/kube';
import { FakeApi, FakeClock } from '@sekisho/kube/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createIssuerSpread, missingIn } from './issuer-spread.ts';

const ISSUER = 'https://auth.test';
const PATH = '/apis/auth.sekisho.dev/v1alpha1/tokenissuers/platform';
const KID = 'new';

function tokenIssuer({ observed = 2, ready = 'True', issuer = ISSUER, counts = [3, 3] } = {}) {
  const [policies = 0, of = 0] = counts;
  const since = '2026-01-01T00:00:00Z';
  const condition = { type: 'Ready', status: ready, reason: 'Fetched', message: '', lastTransitionTime: since };
  return {
    apiVersion: 'auth.sekisho.dev/v1alpha1',
    kind: 'TokenIssuer',
    metadata: { name: 'platform', generation: 2, resourceVersion: '1' },
    spec: { issuer, jwksUri: `${ISSUER}/.well-known/jwks.json` },
    status: {
      observedGeneration: observed,
      conditions: [condition],
      keys: [
        { kid: 'old', policies: 3, of: 3, since },
        { kid: KID, policies, of, since },
      ],
    },
  };
}

describe('the status of a TokenIssuer says that a key', () => {
  const missing = (object: ReturnType<typeof tokenIssuer>, kid = KID) => missingIn(object, { kid, issuer: ISSUER });

  test('is held when all policies hold it, also when there are none', () => {
    expect(missing(tokenIssuer())).toBeUndefined();
    expect(missing(tokenIssuer({ counts: [0, 0] }))).toBeUndefined();
  });

  test.each([
    ['policies_behind', tokenIssuer({ counts: [2, 3] })],
    ['policies_behind', tokenIssuer({ counts: [4, 3] })],
    ['not_ready', tokenIssuer({ ready: 'False' })],
    ['not_ready', tokenIssuer({ ready: 'Unknown' })],
    ['not_ready', tokenIssuer({ observed: 1 })],
    ['issuer_differs', tokenIssuer({ issuer: 'https://other.test' })],
  ])('is not: %s (%#)', (reason, object) => {
    expect(missing(object)).toBe(reason);
  });

  test('is not when it is not listed, or there is no status one could read', () => {
    expect(missing(tokenIssuer(), 'unheard-of')).toBe('not_listed');
    const { metadata, ...rest } = tokenIssuer();
    const object = { ...rest, metadata, status: { keys: 'all of them' } };
    expect(missingIn(object, { kid: KID, issuer: ISSUER })).toBe('not_ready');
    expect(missingIn({ ...object, spec: null }, { kid: KID, issuer: ISSUER })).toBe('issuer_differs');
  });
});

describe('asked for a key', () => {
  async function setUp() {
    const api = await FakeApi.start();
    const clock = new FakeClock();
    const transport = connect({ kubeconfig: api.kubeconfig });
    onTestFinished(async () => {
      await transport.close();
      await api.close();
    });
    const client = new KubeClient(transport, { fieldManager: 'test', retry: { ...DEFAULT_RETRY, attempts: 1 } });
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const spread = createIssuerSpread({ client, name: 'platform', issuer: ISSUER, clock, onError });
    const ask = async (status: number, body: unknown, kid = KID) => {
      void api.reply('GET', PATH, status, body);
      return spread(kid, new AbortController().signal);
    };
    return { clock, api, ask, errors, spread };
  }

  test('it tells for how long all have held it, without a break', async () => {
    const { clock, api, ask } = await setUp();
    expect(await ask(200, tokenIssuer())).toEqual({ kind: 'held', forMs: 0 });
    await clock.advance(30_000);
    expect(await ask(200, tokenIssuer())).toEqual({ kind: 'held', forMs: 30_000 });
    expect(await ask(200, tokenIssuer({ counts: [2, 3] }))).toEqual({ kind: 'missing', reason: 'policies_behind' });
    await clock.advance(30_000);
    expect(await ask(200, tokenIssuer())).toEqual({ kind: 'held', forMs: 0 });
    await clock.advance(30_000);
    expect(await ask(200, tokenIssuer(), 'old')).toEqual({ kind: 'held', forMs: 0 });
    api.verify();
  });

  test('for several keys it reads once, and remembers of each since when all have held it', async () => {
    const { clock, api, ask, spread } = await setUp();
    await ask(200, tokenIssuer());
    await clock.advance(30_000);
    void api.reply('GET', PATH, 200, tokenIssuer());
    const { signal } = new AbortController();
    const spreads = await Promise.all([KID, 'old', 'unknown'].map((kid) => spread(kid, signal)));
    expect(spreads).toEqual([
      { kind: 'held', forMs: 30_000 },
      { kind: 'held', forMs: 0 },
      { kind: 'missing', reason: 'not_listed' },
    ]);
    api.verify();
    await ask(500, {});
    expect(await ask(200, tokenIssuer())).toEqual({ kind: 'held', forMs: 0 });
  });

  test.each([
    [404, { kind: 'Status', reason: 'NotFound', details: { name: 'platform' } }, 'issuer_unknown'],
    [403, { kind: 'Status', reason: 'Forbidden' }, 'unreachable'],
    [500, { kind: 'Status', reason: 'InternalError' }, 'unreachable'],
    [200, 'no object', 'unreachable'],
  ])('an answer %i is a reason and no throw', async (status, body, reason) => {
    const { ask, errors } = await setUp();
    expect(await ask(status, body)).toEqual({ kind: 'missing', reason });
    expect(errors).toHaveLength(1);
  });

  test('an API server that is away is a reason and no throw', async () => {
    const { api, ask, errors } = await setUp();
    api.allow('GET', PATH, (response) => void response.socket?.destroy());
    expect(await ask(200, {}).then(() => ask(200, {}))).toMatchObject({ kind: 'missing', reason: 'unreachable' });
    expect(errors.length).toBeGreaterThan(0);
  });
});
