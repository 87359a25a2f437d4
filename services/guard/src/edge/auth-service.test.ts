import { BROWSER_COOKIE } from '@sekisho/tokens';
import { describe, expect, test } from 'vitest';
import { edgeWorld, ISSUERS } from '../testing/edge-world.ts';
import { policy } from '../testing/objects.ts';

const SESSIONS = '/v1/sessions';
const TOKEN = '/oauth/token';
const rules = [
  { name: 'protocol', to: [{ methods: ['GET', 'POST'], paths: ['/oauth/{**}'] }], allow: { public: true } },
  { name: 'own-sessions', to: [{ methods: ['GET'], paths: [SESSIONS] }], allow: { authenticated: true } },
  { name: 'audit', to: [{ paths: ['/v1/audit'] }], allow: { permissions: { anyOf: ['audit:read'] } } },
];
const authPolicy = policy('auth', { rules, ...ISSUERS });
const at = { host: 'auth.example', path: SESSIONS };
const toToken = { host: 'auth.example', method: 'POST', path: TOKEN };
const refusedWith = (code: string, status: number) => ({ allowed: false, code, status });

describe('the auth service behind the edge', () => {
  test('gets the very token that an application has, whatever services it is for', async () => {
    const world = await edgeWorld({ policies: [authPolicy] });
    const token = await world.logIn('alice');
    expect(await world.ask({ token, ...at })).toEqual({ allowed: true, authorization: `Bearer ${token}` });
    expect(await world.ask({ token, ...toToken })).toEqual({ allowed: true, authorization: `Bearer ${token}` });
    expect(world.minted).toBe(0);
  });

  test('does not get one that does not count', async () => {
    const world = await edgeWorld({ policies: [authPolicy] });
    const token = await world.logIn('alice');
    expect(await world.ask({ token: 'abc', ...at })).toMatchObject(refusedWith('token_malformed', 401));
    const stolen = await world.token({}, world.keys.guardKey);
    expect(await world.ask({ token: stolen, ...at })).toMatchObject(refusedWith('token_invalid', 401));
    const foreign = await world.partnerToken();
    expect(await world.ask({ token: foreign, ...at })).toMatchObject(refusedWith('token_invalid', 401));
    world.revoked.add('session-alice');
    for (const place of [at, toToken]) {
      expect(await world.ask({ token, ...place })).toMatchObject(refusedWith('token_revoked', 401));
    }
  });

  test('is asked by its policy: what needs a token, and what needs a permission at it', async () => {
    const world = await edgeWorld({ policies: [authPolicy] });
    expect(await world.ask(at)).toMatchObject(refusedWith('token_missing', 401));
    const token = await world.logIn('alice');
    const audit = { ...at, path: '/v1/audit' };
    expect(await world.ask({ token, ...audit })).toMatchObject(refusedWith('permission_missing', 403));
    expect(await world.ask({ token, ...at, path: '/v1/signers' })).toMatchObject(refusedWith('route_unknown', 403));
    const services = { auth: { permissions: ['audit:read'] } };
    const auditor = await world.logIn('carol', { services, audience: ['auth'] });
    expect(await world.ask({ token: auditor, ...audit })).toMatchObject({ allowed: true });
  });

  test('sees by which secret a client proves who it is, where no token is needed', async () => {
    const world = await edgeWorld({ policies: [authPolicy] });
    const authorization = 'Basic d2ViOnNlY3JldC8rPQ==';
    expect(await world.ask({ authorization, ...toToken })).toEqual({ allowed: true, authorization: 'kept' });
    expect(await world.ask({ authorization, ...at })).toMatchObject(refusedWith('token_missing', 401));
    expect(await world.ask(toToken)).toEqual({ allowed: true, authorization: 'removed' });
  });

  test.each(['Basic YTpi, Basic Yzpk', 'Basic YTpi, Bearer x.y.z', 'Basic YTpi Bearer x.y.z', 'Digest username="a"'])(
    'is not sent what could be read in two ways: %s',
    async (authorization) => {
      const world = await edgeWorld({ policies: [authPolicy] });
      expect(await world.ask({ authorization, ...toToken })).toMatchObject(refusedWith('request_malformed', 400));
    },
  );

  test('is known by its Service: a policy that takes its name is handed no credentials', async () => {
    const named = policy('bucket', { rules, service: 'auth' });
    const world = await edgeWorld({ policies: [named] });
    const elsewhere = { host: 'bucket.example', method: 'POST', path: TOKEN };
    const token = await world.logIn('alice');
    expect(await world.ask({ token, ...elsewhere })).toEqual({ allowed: true, authorization: 'removed' });
    expect(await world.ask({ token, ...elsewhere, method: 'GET', path: SESSIONS })).toMatchObject(
      refusedWith('audience_mismatch', 403),
    );
    const authorization = 'Basic YTpi';
    expect(await world.ask({ authorization, ...elsewhere })).toEqual({ allowed: true, authorization: 'removed' });
  });

  test('judges the cookie of a browser itself where everybody may come, and gets its token elsewhere', async () => {
    const world = await edgeWorld({ policies: [authPolicy] });
    const token = await world.logIn('alice');
    world.cookies.set('alice', token);
    const cookie = `${BROWSER_COOKIE}=alice; __Host-sekisho_session=x`;
    const sending = (headers: Readonly<Record<string, string>> = {}) => ({
      header: (name: string) => ({ cookie, ...headers })[name],
    });
    expect(await world.ask({ ...sending(), ...toToken })).toEqual({ allowed: true, authorization: 'removed' });
    expect(world.exchanged).toEqual([]);
    expect(await world.ask({ ...sending(), ...at })).toEqual({ allowed: true, authorization: `Bearer ${token}` });
    const crossSite = sending({ 'sec-fetch-site': 'cross-site' });
    expect(await world.ask({ ...crossSite, ...at })).toMatchObject(refusedWith('csrf_refused', 403));
  });
});
