import { describe, expect, test } from 'vitest';
import { type CallerOptions, readCaller } from './read-caller.ts';
import { peerHeaders, type TestClaims, tokenHeaders } from './testing.ts';

const now = new Date('2026-01-01T00:00:00Z');
const options: CallerOptions = { service: 'bucket', clock: () => now };
const gateway = { trustDomain: 'cluster.local', namespace: 'istio-ingress', serviceAccount: 'public-istio' };
const bucket = { trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'bucket' };

const claims = {
  iss: 'https://auth.example',
  sub: 'u1',
  aud: ['bucket'],
  client_id: 'web',
  user: { id: 'u1', email: 'mia@example.org', roles: ['admin', '会員'], permissions: ['bucket:delete'] },
  services: { bucket: { permissions: ['bucket:read', 'bucket:write'] }, user: { permissions: ['user:read'] } },
  session: { id: 's1', device: 'd1', ip: '192.0.2.1' },
} satisfies TestClaims;

const user = {
  kind: 'user',
  id: 'u1',
  issuer: 'https://auth.example',
  email: 'mia@example.org',
  roles: ['admin', '会員'],
  permissions: ['bucket:read', 'bucket:write'],
  session: { id: 's1', device: 'd1' },
};

const read = (changes: Partial<TestClaims>) => readCaller(tokenHeaders({ ...claims, ...changes }), options);

describe('a request with a verified token', () => {
  test('is a user with the roles, the permissions of this service, the session and the direct caller', () => {
    expect(readCaller(tokenHeaders(claims), options)).toEqual(user);
    const headers = { ...tokenHeaders(claims), ...peerHeaders(gateway) };
    expect(readCaller(headers, options)).toEqual({ ...user, peer: gateway });
  });

  test('may carry the token behind the word Service', () => {
    const headers = tokenHeaders(claims);
    const authorization = headers.authorization.replace('Bearer', 'Service');
    expect(readCaller({ ...headers, authorization }, options)).toEqual(user);
  });

  test('has no permission that its grant no longer gives', () => {
    const expiring = (expires: number) => read({ services: { bucket: { permissions: ['bucket:read'], expires } } });
    const seconds = now.getTime() / 1_000;
    expect(expiring(seconds)).toMatchObject({ kind: 'user', permissions: [] });
    expect(expiring(seconds + 1)).toMatchObject({ kind: 'user', permissions: ['bucket:read'] });
  });

  test('has no permissions of another service or of the user as a whole', () => {
    expect(read({ services: { user: { permissions: ['user:read'] } } })).toMatchObject({ permissions: [] });
    expect(read({ services: undefined })).toMatchObject({ permissions: [] });
    const inherited = tokenHeaders({ ...claims, aud: 'toString', services: {} });
    expect(readCaller(inherited, { service: 'toString' })).toMatchObject({ permissions: [] });
  });

  test('is a user via a workload when the token has an actor, the current one first', () => {
    const act = { sub: 'system:serviceaccount:shop:bucket', act: { sub: 'system:serviceaccount:shop:web' } };
    expect(read({ act })).toEqual({
      ...user,
      kind: 'userViaWorkload',
      actors: ['system:serviceaccount:shop:bucket', 'system:serviceaccount:shop:web'],
    });
  });

  test.each(['system:serviceaccount:shop:job', 'web'])(
    'is a workload when %s is the subject and there is no user',
    (sub) => {
      expect(read({ sub, user: undefined, session: undefined })).toEqual({
        kind: 'workload',
        proof: 'token',
        id: sub,
        issuer: 'https://auth.example',
        permissions: ['bucket:read', 'bucket:write'],
      });
    },
  );

  test('of an external issuer is read through the claim paths of that issuer', () => {
    const external = { sub: 'kc-7', aud: 'bucket', scope: ['bucket:read'], realm_access: { roles: 'member' } };
    const issuers = { 'https://idp.example': { permissions: ['scope'], roles: ['realm_access', 'roles'] } } as const;
    const readFrom = (iss: string) => readCaller(tokenHeaders({ ...external, iss }), { ...options, issuers });
    expect(readFrom('https://idp.example')).toMatchObject({
      id: 'kc-7',
      permissions: ['bucket:read'],
      roles: ['member'],
    });
    expect(readFrom('https://auth.example')).toMatchObject({ id: 'kc-7', permissions: [], roles: [] });
  });

  test('holds each permission of a scope, which is a list separated by spaces', () => {
    const issuers = { 'https://idp.example': { permissions: ['scope'] } } as const;
    const headers = tokenHeaders({ ...claims, iss: 'https://idp.example', scope: 'bucket:read  bucket:write' });
    expect(readCaller(headers, { ...options, issuers })).toMatchObject({
      permissions: ['bucket:read', 'bucket:write'],
    });
  });

  test('for another audience is refused', () => {
    for (const aud of [['user'], 'bucket2', []]) {
      expect(() => read({ aud })).toThrow(expect.objectContaining({ code: 'audience_mismatch', statusCode: 401 }));
    }
  });

  test.each<[string, Partial<TestClaims>]>([
    ['no subject', { sub: undefined }],
    ['no issuer', { iss: undefined }],
    ['an issuer that is a number', { iss: 7 }],
    ['a user that is a text', { user: 'u1' }],
    ['a user id that is empty', { user: { id: '' } }],
    ['roles that are not texts', { user: { id: 'u1', roles: ['a', 1] } }],
    ['permissions that are an object', { services: { bucket: { permissions: { read: true } } } }],
    ['services that are a list', { services: [] }],
    ['an expiry that is a text', { services: { bucket: { permissions: [], expires: '1' } } }],
    ['a session without an id', { session: {} }],
    ['an actor without a subject', { act: {} }],
    ['too many actors', { act: Array.from({ length: 9 }).reduce((act) => ({ sub: 'a', act }), undefined) }],
    ['too many roles', { user: { roles: Array.from({ length: 1_025 }, () => '') } }],
  ])('and %s is refused, not read in part', (_, changes) => {
    expect(() => read(changes)).toThrow(expect.objectContaining({ code: 'token_malformed', statusCode: 401 }));
  });

  test.each([
    ['a list', '[]'],
    ['no JSON', '{"iss":'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('whose payload is %s is refused', (_, body) => {
    const payload = Buffer.from(body).toString('base64url');
    const headers = { authorization: `Bearer e30.${payload}.c2ln`, 'x-jwt-payload': payload };
    expect(() => readCaller(headers, options)).toThrow(expect.objectContaining({ code: 'token_malformed' }));
  });

  test('whose payload is not canonical base64url is refused', () => {
    const headers = { authorization: 'Bearer e30.e31.c2ln', 'x-jwt-payload': 'e31' };
    expect(() => readCaller(headers, options)).toThrow(expect.objectContaining({ code: 'token_malformed' }));
  });

  test('is refused with a message that names the claim and not its value', () => {
    expect(() => read({ session: { id: { secret: 'hunter2' } } })).toThrow(/^The claim session\.id must be a text/);
  });
});

describe('a request without a verified token', () => {
  const { authorization, 'x-jwt-payload': payload } = tokenHeaders(claims);
  const other = tokenHeaders({ ...claims, sub: 'u2' });

  test.each<[string, Record<string, string | string[]>]>([
    ['no header at all', {}],
    ['a payload but no token', { 'x-jwt-payload': payload }],
    ['a token that Envoy did not look at', { authorization }],
    ['a payload that is not the token’s', { authorization, 'x-jwt-payload': other['x-jwt-payload'] }],
    [
      'another word before the token',
      { authorization: authorization.replace('Bearer', 'Basic'), 'x-jwt-payload': payload },
    ],
    ['the word in lower case', { authorization: authorization.replace('Bearer', 'bearer'), 'x-jwt-payload': payload }],
    ['text around the token', { authorization: `Basic abc ${authorization}`, 'x-jwt-payload': payload }],
    ['two payloads', { authorization, 'x-jwt-payload': [payload, payload] }],
    ['names with underscores', { authorization, x_jwt_payload: payload, x_user_id: 'u1' }],
    [
      'identity headers of a spoofer',
      { 'x-user-id': 'u1', 'x-user-roles': 'admin', 'x-user-info': 'e30=', 'x-session-id': 's' },
    ],
  ])('is anonymous with %s', (_, headers) => {
    expect(readCaller(headers, options)).toEqual({ kind: 'anonymous' });
  });

  test('is the workload that mTLS proves', () => {
    const id = 'system:serviceaccount:shop:bucket';
    expect(readCaller(peerHeaders(bucket), options)).toEqual({ kind: 'workload', proof: 'mtls', id, peer: bucket });
  });

  test('is anonymous behind a gateway, which speaks for nobody', () => {
    expect(readCaller(peerHeaders(gateway), options)).toEqual({ kind: 'anonymous', peer: gateway });
  });

  test('is anonymous behind the gateways that the service names, and those alone', () => {
    const named = { ...options, gateways: [{ namespace: 'shop', serviceAccount: 'bucket' }] };
    expect(readCaller(peerHeaders(bucket), named).kind).toBe('anonymous');
    expect(readCaller(peerHeaders(gateway), named).kind).toBe('workload');
    expect(readCaller(peerHeaders({ ...bucket, serviceAccount: 'user' }), named).kind).toBe('workload');
  });
});
