import type { Provenance } from '@sekisho/sessions';
import { ANY_AUDIENCE, createVerifier, toJwks } from '@sekisho/tokens';
import { describe, expect, test } from 'vitest';
import { edgeWorld, PLATFORM, type World } from '../testing/edge-world.ts';
import { decideHop, type HopParts } from './decide-hop.ts';
import { createHopTokens } from './hop-token.ts';

interface Changes {
  readonly state?: 'alive' | 'over' | 'unknown';
  readonly whenUnavailable?: 'Deny' | 'Allow';
  /** @default those of the world */
  readonly hasKeys?: boolean;
}

/** A hop in front of any service, where tokens of both signers arrive. */
function hopOf(world: World, { state = 'alive', whenUnavailable = 'Deny', hasKeys = true }: Changes = {}) {
  const { authKey, guardKey } = world.keys;
  const [jwks, narrowJwks] = hasKeys ? [toJwks([authKey]), toJwks([guardKey])] : [toJwks([]), toJwks([])];
  const asked: string[] = [];
  const origins: (Provenance | undefined)[] = [];
  const clock = () => world.now;
  const verify = createVerifier({
    ...{ issuer: PLATFORM, audience: ANY_AUDIENCE, clock },
    jwks: () => jwks,
    narrowJwks: () => narrowJwks,
  });
  const parts: HopParts = {
    platformIssuer: PLATFORM,
    verified: createHopTokens(verify, { jwks: () => jwks, clock }),
    revocations: world.parts.revocations,
    knowsRevocations: world.parts.knowsRevocations,
    gate: {
      check(session) {
        asked.push(session.id);
        origins.push(session.from);
        return state === 'alive' ? { state, known: { session: ALIVE, comparedAgent: undefined } } : { state };
      },
    },
    whenUnavailable: () => whenUnavailable,
    issuerNamed: (iss) => world.routing.issuerNamed(iss),
  };
  const ask = (authorization?: string) =>
    decideHop(parts, {
      ...{ scheme: undefined, serverName: undefined, host: 'bucket.shop', method: 'GET', path: '/', query: '' },
      header: () => undefined,
      authorization,
    });
  return { ask, asked, origins };
}

const ALIVE = {
  ...{ id: 's', userId: 'alice', device: {}, fingerprint: '' },
  ...{ createdAt: 0, lastAccessedAt: 0, expiresAt: 0 },
};
const PASSED = { allowed: true, authorization: 'kept' };

describe('a token that came to a service', () => {
  test('is not refused before the keys are known that it could be verified with: try again', async () => {
    const world = await edgeWorld();
    const { ask } = hopOf(world, { hasKeys: false });
    expect(await ask(`Bearer ${await world.logIn('alice')}`)).toMatchObject({ code: 'unavailable', status: 503 });
  });

  test('of another issuer is refused by the name that its user has here, and by no other', async () => {
    const world = await edgeWorld();
    const { ask } = hopOf(world);
    const token = await world.partnerToken({ sub: 'x' });
    world.revoked.add('x');
    expect(await ask(`Bearer ${token}`)).toEqual(PASSED);
    world.revoked.add('partner|x');
    expect(await ask(`Bearer ${token}`)).toMatchObject({ allowed: false, code: 'token_revoked' });
  });

  test('passes unchanged, by either prefix and of either signer, and its session is looked at', async () => {
    const world = await edgeWorld();
    const { ask, asked } = hopOf(world);
    const access = await world.logIn('alice');
    const narrow = await world.ask({ token: access });
    expect(await ask(`Bearer ${access}`)).toEqual(PASSED);
    expect(await ask(`Service ${access}`)).toEqual(PASSED);
    expect(await ask(narrow.allowed ? narrow.authorization : '')).toEqual(PASSED);
    expect(asked).toEqual(Array(3).fill('session-alice'));
  });

  test('is refused once it, or what it was made from, is revoked', async () => {
    const world = await edgeWorld();
    const { ask } = hopOf(world);
    const narrow = await world.ask({ token: await world.logIn('alice') });
    world.revoked.add('session-alice');
    expect(await ask(narrow.allowed ? narrow.authorization : '')).toMatchObject({ code: 'token_revoked', status: 401 });
  });

  test('is answered at once where it is known, also that it is revoked by then', async () => {
    const world = await edgeWorld();
    const { ask } = hopOf(world);
    const authorization = `Service ${await world.logIn('alice')}`;
    await ask(authorization);
    expect(ask(authorization)).toEqual(PASSED);
    world.revoked.add('session-alice');
    expect(ask(authorization)).toMatchObject({ code: 'token_revoked' });
  });

  test('says who signed it and when, for a session that another region may have begun', async () => {
    const world = await edgeWorld();
    const { ask, origins } = hopOf(world);
    await ask(`Bearer ${await world.logIn('alice')}`);
    expect(origins).toEqual([{ kid: world.keys.authKey.kid, iat: Math.floor(world.now.getTime() / 1000) }]);
  });

  test('is refused when its session is over', async () => {
    const world = await edgeWorld();
    const { ask } = hopOf(world, { state: 'over' });
    expect(await ask(`Bearer ${await world.logIn('alice')}`)).toMatchObject({ code: 'session_expired', status: 401 });
  });

  test('of another issuer is looked up among the revoked, and left to Envoy', async () => {
    const world = await edgeWorld();
    const { ask, asked } = hopOf(world);
    const token = await world.partnerToken({ jti: 'p' });
    expect(await ask(`Bearer ${token}`)).toEqual(PASSED);
    world.revoked.add('p');
    expect(await ask(`Bearer ${token}`)).toMatchObject({ code: 'token_revoked' });
    expect(asked).toEqual([]);
  });

  test('of ours that does not verify never reaches the session store', async () => {
    const world = await edgeWorld();
    const { ask, asked } = hopOf(world);
    const forged = `${(await world.logIn('alice')).split('.', 2).join('.')}.${'A'.repeat(86)}`;
    expect(await ask(`Bearer ${forged}`)).toMatchObject({ code: 'token_invalid', status: 401 });
    expect(asked).toEqual([]);
  });
});

test.each([
  'Basic abc Bearer TOKEN',
  'Bearer TOKEN, Bearer TOKEN',
  'x Service TOKEN',
  'Bearer TOKEN x',
  'Bearer x',
  'Token TOKEN',
])('%s: what is not exactly one token is refused, for Envoy would find one in it', async (pattern) => {
  const world = await edgeWorld();
  const token = await world.logIn('alice');
  const answer = await hopOf(world).ask(pattern.replaceAll('TOKEN', token));
  expect(answer).toMatchObject({ code: 'token_malformed', status: 401 });
});

test('without a token: 401, because Envoy asks only where one is needed', async () => {
  const { ask } = hopOf(await edgeWorld());
  expect(await ask()).toMatchObject({ code: 'token_missing', status: 401 });
  expect(await ask('')).toMatchObject({ code: 'token_missing', status: 401 });
});

test.each([
  ['Deny', { code: 'unavailable', status: 503 }],
  ['Allow', PASSED],
] as const)('while revocations or sessions are not known: %s', async (whenUnavailable, expected) => {
  const world = await edgeWorld();
  const authorization = `Bearer ${await world.logIn('alice')}`;
  expect(await hopOf(world, { state: 'unknown', whenUnavailable }).ask(authorization)).toMatchObject(expected);
  world.knowsRevocations = false;
  expect(await hopOf(world, { whenUnavailable }).ask(authorization)).toMatchObject(expected);
});
