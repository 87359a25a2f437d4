import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { type Manifest, systemClock } from '@sekisho/kube';
import { createRevoker, createSessionStore, type Session } from '@sekisho/sessions';
import { connectRedis } from '@sekisho/sessions/redis';
import { createLogger, createMetrics } from '@sekisho/telemetry';
import { startLine } from '@sekisho/telemetry/testing';
import { createMinter, generateSigningKey, toJwks } from '@sekisho/tokens';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { createService, type Service } from './service.ts';
import { edgePolicy, gateway, issuer, policy, route, service as serviceObject } from './testing/objects.ts';
import { openPrivateCluster, type PrivateCluster } from './testing/private-cluster.ts';

const ISSUER = 'https://auth.example';
const WAIT = { timeout: 120_000, interval: 50 };
const clock = () => new Date();
const [authKey, guardKey] = await Promise.all([generateSigningKey(), generateSigningKey()]);
const prefix = `guard-${randomBytes(4).toString('hex')}`;
const line = await startLine(inject('redisUrl'));
// Of those who log in and revoke: how soon they are answered is not what is tested.
const redis = connectRedis({ url: inject('redisUrl'), commandTimeoutMs: 60_000, onState: () => undefined });
const revoker = createRevoker({ redis, clock, prefix, tokenLifetime: 900 });
const sessions = createSessionStore({ redis, clock, prefix, newId: randomUUID });

let api: PrivateCluster;
let guard: Service;
let port: number;

beforeAll(async () => {
  api = await openPrivateCluster();
  await vi.waitFor(() => redis.ping(), WAIT);
  await api.apply(cluster());
  guard = createService(options());
  await vi.waitFor(
    () => Promise.all(Object.values(guard.checks).map((check) => check(AbortSignal.timeout(1_000)))),
    WAIT,
  );
  ({ port } = await guard.listen({ host: '127.0.0.1', port: 0 }));
}, 300_000);

afterAll(async () => {
  await guard?.close();
  await line.close();
  redis.disconnect();
  await api?.close();
}, 300_000);

function options(): Parameters<typeof createService>[0] {
  const sets = { jwks: toJwks([authKey, guardKey]), accessJwks: toJwks([authKey]), narrowJwks: toJwks([guardKey]) };
  return {
    issuer: ISSUER,
    trustDomain: 'cluster.local',
    redisUrl: line.url,
    ...{ prefix, tokenLifetime: 900, sessionFreshMs: 1_000, maxStalenessMs: 3_000 },
    keys: { ...sets, signingKey: () => guardKey, ready: true, ageMs: 0, refresh: async () => undefined },
    ...{
      transport: api.transport,
      timers: systemClock,
      random: Math.random,
      uuid: randomUUID,
      deviceChange: 'log',
      routeHeaders: [],
    },
    ...{ exchangeCookie: async () => undefined, loginPath: undefined },
    metrics: createMetrics({ undeclared: 'throw', processMetrics: false }),
    log: createLogger({ name: 'guard', level: 'silent' }),
  };
}

function cluster(): readonly Manifest[] {
  const namespaceOf = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const backend = (name: string) => [{ backendRefs: [{ name, port: 80 }] }];
  const lenient = policy('lenient', { revocation: { whenUnavailable: 'Allow' } });
  return [
    ...['shop', 'istio-ingress'].map(namespaceOf),
    ...[gateway(), serviceObject('bucket'), serviceObject('lenient'), edgePolicy(), policy('bucket'), lenient],
    route({ hostnames: ['bucket.example'], rules: backend('bucket') }),
    route({ hostnames: ['lenient.example'], rules: backend('lenient') }, { name: 'lenient' }),
    issuer('platform', { issuer: ISSUER, jwks: toJwks([authKey]), default: true }),
  ];
}

async function logIn(user: string): Promise<{ readonly session: Session; readonly token: string }> {
  const session = await sessions.create({ userId: user, device: { userAgent: 'Browser/1' } });
  const minter = createMinter({ issuer: ISSUER, key: () => authKey, clock, uuid: randomUUID });
  const names = ['bucket', 'lenient'];
  const { token } = await minter.access({
    ...{
      subject: user,
      clientId: 'web',
      audience: names,
      user: { id: user, roles: [], permissions: [] },
      session: { id: session.id },
    },
    services: Object.fromEntries(names.map((name) => [name, { permissions: [`${name}:read`] }])),
    lifetimeSeconds: 900,
  });
  return { session, token };
}

async function ask(token: string | undefined, { host = 'bucket.example', path = '/edge/api/items' } = {}) {
  const headers = { host, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const sent = request({ port, host: '127.0.0.1', path, headers });
  sent.end();
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  const code = text === '' ? '' : ` ${JSON.parse(text).code}`;
  return { told: `${response.statusCode}${code}`, authorization: String(response.headers.authorization) };
}

/** Waits also where it should be so at once: on a machine that stood still for a while, Redis answers late, and so does the guard. */
const becomes = (expected: string, token: string | undefined, where = {}) =>
  vi.waitFor(async () => {
    const answer = await ask(token, where);
    expect(answer.told).toBe(expected);
    return answer;
  }, WAIT);

/** At once, but for the time in which a machine that stood still for a while knows nothing of revocations. */
async function answered(token: string | undefined, where = {}): Promise<string> {
  const known = async () => {
    const { told } = await ask(token, where);
    expect(told).not.toBe('503 unavailable');
    return told;
  };
  return vi.waitFor(known, WAIT);
}

describe('a guard beside a real API server and Redis', () => {
  test('exchanges a token, and lets the narrow one pass at a hop', async () => {
    const { token } = await logIn('alice');
    const { authorization } = await becomes('200', token);
    const narrow = authorization.replace('Bearer ', '');
    expect(narrow.split('.')).toHaveLength(3);
    await becomes('200', narrow, { path: '/hop/' });
    expect(await answered(narrow)).toBe('401 token_invalid');
    expect(await answered(undefined)).toBe('401 token_missing');
    expect(await answered(undefined, { host: 'unknown.example' })).toBe('404 route_unknown');
  });

  test('refuses what is revoked, at the edge and at a hop', async () => {
    const { session, token } = await logIn('bob');
    const { authorization } = await becomes('200', token);
    await revoker.revoke({ kind: 'session', id: session.id });
    await becomes('401 token_revoked', token);
    expect(await answered(authorization.replace('Bearer ', ''), { path: '/hop/' })).toBe('401 token_revoked');
  });

  test('notices that a session is gone although nothing was revoked', async () => {
    const { session, token } = await logIn('carol');
    await becomes('200', token);
    await sessions.destroy('carol', session.id);
    await becomes('401 session_expired', token);
  });

  test('knows a route that is added, and a policy that changes', async () => {
    const { token } = await logIn('dave');
    const host = 'new.example';
    await api.apply([
      route({ hostnames: [host], rules: [{ backendRefs: [{ name: 'bucket', port: 80 }] }] }, { name: 'new' }),
    ]);
    await becomes('200', token, { host });
    const rules = [{ name: 'audit', allow: { permissions: { anyOf: ['bucket:audit'] } } }];
    await api.apply([policy('bucket', { rules })]);
    await becomes('403 permission_missing', token, { host });
    await api.apply([policy('bucket')]);
    await becomes('200', token, { host });
  });

  test('without Redis refuses or lets through as policies say, and goes on when it is back', async () => {
    const { token } = await logIn('erin');
    const lenient = { host: 'lenient.example' };
    await becomes('200', token);
    await line.cut();
    await becomes('503 unavailable', token);
    expect((await ask(token, lenient)).told).toBe('200');
    expect((await ask(undefined, { path: '/edge/healthz' })).told).toBe('200');
    await line.mend();
    await becomes('200', token);
  });
});
