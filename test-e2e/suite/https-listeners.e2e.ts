import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Echo, ITEMS, openEcho } from '../echo/echo.ts';
import { type Answered, type Asked, ask, askInTurns } from '../https/client.ts';
import { OTHER, openSecureEdge, type SecureEdge, SHOP, SPOILT } from '../https/secure-edge.ts';
import { Cluster } from '../mesh/cluster.ts';
import { readMesh } from '../mesh/mesh-info.ts';
import { Accounts, logIn } from '../story/accounts.ts';
import { decided } from '../story/decided.ts';

const LONG = 300_000;
const WHO_AM_I = '/api/whoami';
const mesh = readMesh();
const cluster = new Cluster(mesh.kubeconfig);
let echo: Echo;
let edge: SecureEdge;
let headers: Readonly<Record<string, string>>;

beforeAll(async () => {
  echo = await openEcho(mesh, cluster);
  edge = await openSecureEdge(mesh, cluster);
  const grants = ['echo', 'bucket'].map((service) => ({ service, permissions: [`${service}:read`] }));
  const person = await new Accounts(mesh).create({ name: 'tls', roles: ['member'], grants });
  headers = { authorization: `Bearer ${await logIn(mesh, person)}` };
}, 2 * LONG);
afterAll(async () => {
  await edge?.[Symbol.asyncDispose]();
  await echo?.[Symbol.asyncDispose]();
  await cluster.close();
});

/** Status, and where the guard refused, its reason and the policy it decided by. */
function told(answered: Answered | undefined): string {
  if (answered === undefined) return 'not taken';
  const { code, policy } = problemOf(answered);
  return [answered.status, code, policy].filter((part) => part !== undefined).join(' ');
}

function problemOf({ status, body }: Answered): { readonly code?: string; readonly policy?: string } {
  return status >= 400 && body.startsWith('{') ? JSON.parse(body) : {};
}

const isUnavailable = (answer: Answered | undefined): boolean => answer?.status === 503;
const asked = (one: Asked): Promise<Answered | undefined> =>
  decided(() => ask(edge.server, { ...one, headers }), isUnavailable);

describe('of two HTTPS listeners', { timeout: LONG }, () => {
  test.each<[string, Asked, string]>([
    ['the name leads to its listener', { serverName: SHOP, host: SHOP, path: WHO_AM_I }, '200'],
    ['a name of the wildcard leads to that one', { serverName: OTHER, host: OTHER, path: ITEMS }, '200'],
    ['a host of the other listener is none of this one', { serverName: SHOP, host: OTHER, path: ITEMS }, '404'],
    ['a path of the other listener neither', { serverName: SHOP, host: SHOP, path: ITEMS }, '404'],
    [
      'a name that no listener takes is no connection',
      { serverName: 'a.example', host: SHOP, path: WHO_AM_I },
      'not taken',
    ],
    ['nor is no name', { host: SHOP, path: WHO_AM_I }, 'not taken'],
  ])('%s', async (_name, one, answer) => {
    expect(told(await asked(one))).toBe(answer);
  });

  test('the server name decides, and not the host, for whom the token is and by which policy it passes', async () => {
    const before = echo.app.count;
    expect(told(await asked({ serverName: OTHER, host: SHOP, path: ITEMS }))).toBe('200');
    expect(told(await asked({ serverName: OTHER, host: SHOP, path: WHO_AM_I }))).toBe('403 route_unknown shop/echo');
    expect(echo.app.since(before).map(audienceOf)).toEqual([['echo']]);
  });

  test('the requests of a route that istiod drops as a whole get no token: Envoy has another route for them', async () => {
    const before = echo.app.count;
    const spoilt = { serverName: SPOILT, host: SPOILT, path: WHO_AM_I, headers };
    // A guard that has not read it yet knows the other route alone.
    const isUnread = (answer: Answered | undefined) => isUnavailable(answer) || told(answer).endsWith('shop/echo');
    expect(told(await decided(() => ask(edge.server, spoilt), isUnread))).toBe('403 route_unknown');
    expect(echo.app.since(before)).toEqual([]);
  });

  test('a connection of HTTP/2 stays at its listener, whichever of its hosts a browser asks for on it', async () => {
    const hosts = [OTHER, SHOP, OTHER];
    const answers = await decided(
      () =>
        askInTurns(
          edge.server,
          OTHER,
          hosts.map((host) => ({ host, path: WHO_AM_I, headers })),
        ),
      (all) => all.some(isUnavailable),
    );
    expect(answers.map(told)).toEqual(hosts.map(() => '403 route_unknown shop/echo'));
  });
});

type Seen = ReturnType<Echo['app']['since']>[number];

function audienceOf({ headers: seen }: Seen): unknown {
  const authorization = seen.find(([name]) => name === 'authorization')?.[1] ?? '';
  return JSON.parse(Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString()).aud;
}
