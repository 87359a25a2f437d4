import { generateSigningKey } from '@sekisho/tokens';
import { describe, expect, test } from 'vitest';
import { narrowClaims, refusedWith } from '../testing/edge-answers.ts';
import { edgeWorld, PLATFORM, type World } from '../testing/edge-world.ts';
import { policy } from '../testing/objects.ts';
import { createVerifyForTarget } from '../tokens/verify.ts';

describe('a user with a token', () => {
  test('gets a narrow one for the one service, signed by the guard, bound to the token and the session', async () => {
    const world = await edgeWorld();
    const token = await world.logIn('alice');
    const claims = await narrowClaims(world, await world.ask({ token }));
    expect(claims).toMatchObject({
      sub: 'alice',
      aud: ['bucket'],
      services: { bucket: { permissions: ['bucket:read'] } },
      session: { id: 'session-alice' },
      user: { roleList: 'member' },
    });
    expect(Object.keys(claims.services)).toEqual(['bucket']);
    expect(claims.exp - claims.iat).toBe(300);
    expect(claims.origin_jti).toBeTypeOf('string');
  });

  test('gets the same one until three quarters of its life are over, and one for each service', async () => {
    const world = await edgeWorld({ policies: [policy('bucket'), policy('user')] });
    const token = await world.logIn('alice');
    const ask = () => world.ask({ token });
    const [first, together] = await Promise.all([ask(), ask()]);
    expect(together).toEqual(first);
    expect(world.minted).toBe(1);
    world.now = new Date(world.now.getTime() + 224_000);
    expect(await ask()).toEqual(first);
    world.now = new Date(world.now.getTime() + 2_000);
    expect(await ask()).not.toEqual(first);
    expect(await narrowClaims(world, await world.ask({ token, host: 'user.example' }))).toMatchObject({
      aud: ['user'],
    });
  });

  test('is answered at once where everything is known, also that it is revoked by then', async () => {
    const world = await edgeWorld();
    const token = await world.logIn('alice');
    const first = await world.ask({ token });
    expect(world.ask({ token })).toEqual(first);
    world.revoked.add('session-alice');
    expect(world.ask({ token })).toMatchObject(refusedWith('token_revoked', 401));
  });

  test('gets another one as soon as the guard signs with another key, and none without a key', async () => {
    const world = await edgeWorld();
    const token = await world.logIn('alice');
    const first = await world.ask({ token });
    world.signing = await generateSigningKey();
    expect(await world.ask({ token })).not.toEqual(first);
    world.signing = undefined;
    expect(await world.ask({ token })).toMatchObject(refusedWith('unavailable', 503));
  });

  test('is not refused before the keys are known that it could be verified with: try again', async () => {
    const world = await edgeWorld();
    const token = await world.logIn('alice');
    const keys = { accessJwks: { keys: [] } };
    const verify = createVerifyForTarget({ platformIssuer: PLATFORM, keys, clock: () => world.now });
    expect(await world.ask({ token }, { verify })).toMatchObject(refusedWith('unavailable', 503));
  });

  test('is refused early where a rule asks for more, with the rule named and nothing of the token', async () => {
    const world = await edgeWorld();
    const services = { bucket: { permissions: ['bucket:write'] } };
    const token = await world.logIn('bob', { services, audience: ['bucket'] });
    const answer = await world.ask({ token });
    expect(answer).toMatchObject({
      ...refusedWith('permission_missing', 403),
      policy: 'shop/bucket',
      rule: 'read',
      detail: 'rule read: needs permission bucket:read',
      asker: { user: 'bob', session: 'session-bob' },
    });
    expect(JSON.stringify(answer)).not.toContain(token);
  });

  test('is refused where no rule names the request', async () => {
    const world = await edgeWorld();
    const token = await world.logIn('alice');
    expect(await world.ask({ token, path: '/elsewhere' })).toMatchObject(refusedWith('route_unknown', 403));
    expect(await world.ask({ token, method: 'DELETE' })).toMatchObject(refusedWith('route_unknown', 403));
  });
});

describe('a token that does not count', () => {
  test.each<[string, (world: World) => Promise<string>, string]>([
    ['no JWT', async () => 'abc', 'token_malformed'],
    ['expired', (world) => world.logIn('a', { at: new Date(world.now.getTime() - 3_600_000) }), 'token_expired'],
    ['of another key', async (world) => world.token({}, await generateSigningKey()), 'token_invalid'],
    ['of a key of the guard', (world) => world.token({}, world.keys.guardKey), 'token_invalid'],
    ['without a live session', (world) => world.token({ session: { id: 'gone' } }), 'session_expired'],
  ])('%s: 401, also on a public path', async (_, make, code) => {
    const world = await edgeWorld();
    const token = await make(world);
    expect(await world.ask({ token })).toMatchObject(refusedWith(code, 401));
    expect(await world.ask({ token, path: '/healthz' })).toMatchObject(refusedWith(code, 401));
  });

  test('one that was exchanged already is exchanged for nothing', async () => {
    const world = await edgeWorld();
    const answer = await world.ask({ token: await world.logIn('alice') });
    const authorization = answer.allowed ? answer.authorization : '';
    expect(await world.ask({ authorization })).toMatchObject(refusedWith('token_invalid', 401));
  });

  test.each(['Bearer', 'Bearer a b', 'Bearer a, Bearer b', 'bearer é'])('%j is malformed', async (authorization) => {
    const world = await edgeWorld();
    expect(await world.ask({ authorization })).toMatchObject(refusedWith('token_malformed', 401));
  });

  test('revoked: 401 at once, although it was let through before', async () => {
    const world = await edgeWorld();
    const token = await world.logIn('alice');
    expect(await world.ask({ token })).toMatchObject({ allowed: true });
    world.revoked.add('session-alice');
    expect(await world.ask({ token })).toMatchObject(refusedWith('token_revoked', 401));
    expect(await world.ask({ token, path: '/healthz' })).toMatchObject(refusedWith('token_revoked', 401));
  });

  test('for other services: 403, and on a public path nobody', async () => {
    const world = await edgeWorld();
    const token = await world.logIn('carol', { audience: ['user'], services: { user: { permissions: [] } } });
    expect(await world.ask({ token })).toMatchObject(refusedWith('audience_mismatch', 403));
    expect(await world.ask({ token, path: '/healthz' })).toEqual({ allowed: true, authorization: 'removed' });
  });

  test('with a grant that is over: 403', async () => {
    const world = await edgeWorld();
    const expires = Math.floor(world.now.getTime() / 1000) + 5;
    const services = { bucket: { permissions: ['bucket:read'], expires }, user: { permissions: [] } };
    const token = await world.logIn('dave', { services });
    expect(await world.ask({ token })).toMatchObject({ allowed: true });
    world.now = new Date(world.now.getTime() + 6_000);
    expect(await world.ask({ token })).toMatchObject({ allowed: false, status: 403 });
  });
});

describe('without a token', () => {
  test('public paths pass, and whatever came as Authorization does not', async () => {
    const world = await edgeWorld();
    const passed = { allowed: true, authorization: 'removed' };
    expect(await world.ask({ path: '/healthz' })).toEqual(passed);
    expect(await world.ask({ path: '/healthz', authorization: 'Basic YTpi' })).toEqual(passed);
    expect(await world.ask({ path: '/healthz', authorization: 'Basic YTpi Bearer x.y.z' })).toEqual(passed);
  });

  test('others are 401', async () => {
    const world = await edgeWorld();
    expect(await world.ask()).toMatchObject({ ...refusedWith('token_missing', 401), rule: 'read' });
    expect(await world.ask({ authorization: 'Service x.y.z' })).toMatchObject(refusedWith('token_missing', 401));
  });

  test('an unknown host or path is 404', async () => {
    const world = await edgeWorld();
    expect(await world.ask({ host: 'other.example' })).toMatchObject(refusedWith('route_unknown', 404));
  });

  test('before anything was read of the cluster no path is unknown', async () => {
    const routing = { find: () => ({ kind: 'unread' }) as const };
    expect(await (await edgeWorld()).ask({}, { routing })).toMatchObject(refusedWith('unavailable', 503));
  });

  test('a service without a policy is closed', async () => {
    const world = await edgeWorld();
    world.apply([policy('bucket', { selector: { matchLabels: { app: 'else' } } })]);
    expect(await world.ask({ path: '/healthz' })).toMatchObject(refusedWith('route_unknown', 403));
  });

  test.each(['/items/..;b/admin', '/items/../admin', '/items//1', '/items%2f1', '/items/%41', '/items\\1'])(
    'a path that the proxy of the service would read differently does not pass: %s',
    async (path) => {
      const world = await edgeWorld();
      const token = await world.logIn('alice');
      expect(await world.ask({ token, path })).toMatchObject(refusedWith('request_malformed', 400));
    },
  );

  test('a preflight passes as nobody, and what merely looks like one does not', async () => {
    const world = await edgeWorld();
    const headers = new Map([
      ['origin', 'https://app.example'],
      ['access-control-request-method', 'GET'],
    ]);
    const preflight = { method: 'OPTIONS', header: (name: string) => headers.get(name), authorization: 'Bearer x' };
    expect(await world.ask(preflight)).toEqual({ allowed: true, authorization: 'removed' });
    expect(await world.ask({ ...preflight, host: 'other.example' })).toMatchObject({ status: 404 });
    expect(await world.ask({ method: 'OPTIONS' })).toMatchObject({ allowed: false });
    headers.set('origin', '');
    expect(await world.ask(preflight)).toMatchObject({ allowed: false });
  });
});
