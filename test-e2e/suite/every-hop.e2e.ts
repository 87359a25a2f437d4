import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Identity, identities } from '../differential/identities.ts';
import { send } from '../differential/wire.ts';
import { ECHO, type Echo, ITEMS, openEcho, PUBLIC } from '../echo/echo.ts';
import { type Claims, claimsOf, exchange } from '../echo/tokens.ts';
import { lacks } from '../kind/exceptions.ts';
import { Cluster } from '../mesh/cluster.ts';
import { killed } from '../mesh/killed.ts';
import { waitFor } from '../mesh/wait.ts';
import { Accounts, logIn, type Revoked } from '../story/accounts.ts';
import { decided } from '../story/decided.ts';
import { settle } from '../story/settle.ts';

const EVERY_HOP = { check: 'EveryHop' } as const;
const WORKLOAD = `${ECHO.namespace}/${ECHO.name}`;
const LONG = 60_000;
const LONGEST_SECONDS = 200;

const mesh = inject('mesh');
const cluster = new Cluster(mesh.kubeconfig);
const accounts = new Accounts(mesh);
let echo: Echo;
/** As the gateway's Envoy has it, so that a token can be shown to the service past the guard at the edge. */
let gateway: Identity;
let known: Visit | undefined;

beforeAll(async () => {
  echo = await openEcho(mesh, cluster, { revocation: EVERY_HOP });
  gateway = await (await identities(cluster))('spiffe://cluster.local/ns/istio-edge/sa/edge-istio');
  const delegated = { permissions: ['echo:read'] };
  await accounts.grant(WORKLOAD, { service: ECHO.name, grants: [{ service: ECHO.name, delegated }] });
});
afterAll(async () => {
  await echo?.[Symbol.asyncDispose]();
  await cluster.close();
});

interface Visit {
  readonly access: string;
  /** What the guard made of it at the edge. */
  readonly narrow: string;
  readonly claims: Claims;
}

/** A new user comes through the gateway, and their narrow token is kept. */
const visit = (): Promise<Visit> => waitFor('a user comes through the gateway', arrive, { timeout: LONG });

async function arrive(): Promise<Visit> {
  const grants = [{ service: ECHO.name, permissions: ['echo:read'] }];
  const person = await accounts.create({ name: 'hop', roles: [], grants });
  const access = await logIn(mesh, person, { device: { userAgent: 'suite', platform: person.id } });
  const answer = await atEdge(access, '200');
  if (answer !== '200') throw new Error(`the edge answers ${answer}`);
  const headers = Object.fromEntries(echo.app.seen.at(-1)?.headers ?? []);
  const narrow = String(headers['authorization']).replace('Bearer ', '');
  return { access, narrow, claims: claimsOf(narrow) };
}

/** A user to whom nothing happens, with a token that is good for longer than any test. */
async function bystander(): Promise<Visit> {
  if (known === undefined || known.claims.exp < Date.now() / 1000 + LONGEST_SECONDS) known = await visit();
  return known;
}

const atEdge = (token: string, wanted: string): Promise<string> => settle(mesh.edge + ITEMS, { token }, wanted, LONG);

/** The service's answer, once there is one. */
function atService(token: string | undefined, target: string = ITEMS): Promise<string> {
  return decided(
    () => asked(token, target),
    (answer) => answer === '503',
  );
}

/** The first answer: the status, and the guard's code where there is one. */
async function asked(token: string | undefined, target: string = ITEMS): Promise<string> {
  const headers = token === undefined ? [] : [['Authorization', `Bearer ${token}`] as const];
  const answer = await send({ method: 'GET', target, headers }, { ...echo.address, identity: gateway });
  if (answer === 'cut') return 'cut';
  const code = /"code":"(\w+)"/.exec(answer.body)?.[1];
  return [answer.status, code].filter((part) => part !== undefined).join(' ');
}

function eventually(wanted: string, ask: () => Promise<string>): Promise<boolean> {
  return waitFor(wanted, async () => (await ask()) === wanted, { timeout: LONG });
}

const REVOCATIONS: readonly (readonly [what: string, name: (claims: Claims) => Revoked])[] = [
  ['the token that it was made from', ({ origin_jti: jti = '' }) => ({ jti })],
  ['its session', ({ session }) => ({ session: session.id })],
  ['its user', ({ sub }) => ({ user: sub })],
  ['its device', ({ session }) => ({ device: session.device })],
];

describe('a token that the edge handed on minutes before it ends is refused at the service once', {
  timeout: 8 * LONG,
}, () => {
  test.each([...REVOCATIONS, ['it', ({ jti }: Claims) => ({ jti })] as const])('%s is revoked', async (_, name) => {
    const { narrow, claims } = await visit();
    expect(await atService(narrow)).toBe('200');
    await accounts.revoke(name(claims));
    await eventually('401 token_revoked', () => atService(narrow));
    expect(await atService((await bystander()).narrow)).toBe('200');
  });

  test.each([
    ...REVOCATIONS,
    ['the workload that acts by it', () => ({ user: 'system:serviceaccount:shop:echo' })] as const,
  ])('%s is revoked, also in the hands of a workload that acts for the user', async (_, name) => {
    const { narrow, claims } = await visit();
    const exchanged = () => exchange({ mesh, cluster }, narrow, { workload: WORKLOAD, audience: ECHO.name });
    const delegated = await waitFor('a delegated token', exchanged, { timeout: LONG });
    expect(await atService(delegated)).toBe('200');
    await accounts.revoke(name(claims));
    await eventually('401 token_revoked', () => atService(delegated));
    expect(await atService((await bystander()).narrow)).toBe('200');
  });
});

describe('at the service', { timeout: 8 * LONG }, () => {
  test.each([
    ['no token, where one is needed', undefined, ITEMS, '401 token_missing'],
    ['no token, where none is', undefined, PUBLIC, '200'],
    ['what is no token', 'abc', ITEMS, '401 token_malformed'],
    ['what is no token, where none is needed', 'abc', PUBLIC, '401 token_malformed'],
  ])('%s', async (_, token, target, wanted) => {
    expect(await atService(token, target)).toBe(wanted);
  });

  test('a token of another service is refused', async () => {
    expect(await atService(await logIn(mesh, await stranger()))).toBe('403');
  });

  test('nobody with a token passes without the guard, and who needs none is not kept waiting', async () => {
    const { narrow } = await bystander();
    const answers = await killed(mesh, 'guard', async () => [
      await asked(narrow),
      await asked(narrow, PUBLIC),
      await asked(undefined, PUBLIC),
    ]);
    expect(answers).toEqual(['503', '503', '200']);
    await eventually('200', () => asked(narrow));
  });

  test.skipIf(lacks(mesh, 'a Redis that comes back'))(
    'Deny refuses while revocations cannot be known, Allow goes on by what was known',
    async () => {
      const revoked = await visit();
      const { narrow } = await bystander();
      await accounts.revoke({ jti: revoked.claims.jti });
      await eventually('401 token_revoked', () => atService(revoked.narrow));
      await killed(mesh, 'valkey', async () => {
        await eventually('503', () => asked(narrow));
        expect(await atService(revoked.narrow)).toBe('401 token_revoked');
        await echo.configure({ revocation: { ...EVERY_HOP, whenUnavailable: 'Allow' } });
        await eventually('200', () => asked(narrow));
        expect(await atService(revoked.narrow)).toBe('401 token_revoked');
      });
      await echo.configure({ revocation: EVERY_HOP });
      await eventually('200', () => asked(narrow));
      expect(await atService(revoked.narrow)).toBe('401 token_revoked');
    },
  );
});

async function stranger() {
  const grants = [{ service: 'bucket', permissions: ['bucket:read'] }];
  return accounts.create({ name: 'stranger', roles: [], grants });
}

// Last, since it ends what the others hold.
test('everything issued until a moment is revoked: also what the edge handed on', { timeout: 8 * LONG }, async () => {
  const { narrow, access, claims } = await visit();
  await accounts.revoke({ issuedBefore: claims.iat });
  await eventually('401 token_revoked', () => atService(narrow));
  expect(await atEdge(access, '401 token_revoked')).toBe('401 token_revoked');
});
