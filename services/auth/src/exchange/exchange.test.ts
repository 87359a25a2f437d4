import fc from 'fast-check';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { BUCKET, bucket, createExchangeFixture, guardKey } from '../testing/exchange-fixture.ts';
import { ALICE_ID } from '../testing/fixture.ts';
import { setGrants } from '../testing/memory-accounts.ts';

const invalidRequest = (text: string) => ({ code: 'invalid_request', message: expect.stringContaining(text) });

async function setUp(...workloads: Parameters<typeof createExchangeFixture>) {
  const fixture = await createExchangeFixture(...workloads);
  const { cluster, exchange, narrow } = fixture;
  const forItself = async (service: string, permissions?: string[]) =>
    exchange({
      clientId: BUCKET,
      workloadToken: await cluster.token('bucket'),
      service,
      ...(permissions && { permissions }),
    });
  const forUser = async (service = 'user', more: { subjectToken?: string; permissions?: string[] } = {}) =>
    exchange({
      clientId: BUCKET,
      workloadToken: await cluster.token('bucket'),
      subjectToken: narrow.token,
      service,
      ...more,
    });
  return { ...fixture, forItself, forUser };
}

describe('a workload for itself', () => {
  test('gets a token for a service that it was granted', async () => {
    const { forItself, verifyFor } = await setUp();
    const { token, kind } = await forItself('user');
    expect(kind).toBe('service');
    const claims = await verifyFor('user')(token);
    expect(claims).toMatchObject({ sub: BUCKET, client_id: BUCKET, aud: ['user'] });
    expect(claims.services).toEqual({ user: { permissions: ['user:read'] } });
    expect(claims.exp - claims.iat).toBe(300);
    expect(claims).not.toHaveProperty('user');
    expect((await forItself('notification')).claims.services).toEqual({ notification: { permissions: [] } });
  });

  test('is refused at any other service, and at the API of administrators whatever it was granted', async () => {
    const { forItself } = await setUp();
    for (const service of ['bucket', 'auth', 'constructor', '']) {
      await expect(forItself(service)).rejects.toMatchObject({ code: 'invalid_target' });
    }
  });

  test('is refused when nothing was granted to it', async () => {
    const { exchange, cluster } = await setUp();
    const clientId = 'system:serviceaccount:shop:other';
    const request = { clientId, workloadToken: await cluster.token('other'), service: 'user' };
    await expect(exchange(request)).rejects.toMatchObject({ code: 'invalid_target' });
  });

  test('waits when its address or it itself asks too often, and is counted only once it is proven', async () => {
    const { exchange, forItself, cluster, limited } = await setUp();
    await forItself('user');
    expect(limited.counted.splice(0)).toEqual(['192.0.2.7', BUCKET]);
    const forged = { clientId: BUCKET, workloadToken: await cluster.token('other'), service: 'user' };
    await expect(exchange(forged)).rejects.toMatchObject(invalidRequest('client_id'));
    expect(limited.counted.splice(0)).toEqual(['192.0.2.7']);
    limited.workload = 3;
    await expect(forItself('user')).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 3 });
    limited.address = 5;
    await expect(forItself('user')).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 5 });
  });

  test('is who its token proves', async () => {
    const { exchange, cluster } = await setUp();
    const request = { clientId: BUCKET, workloadToken: await cluster.token('other'), service: 'user' };
    await expect(exchange(request)).rejects.toMatchObject(invalidRequest('client_id'));
  });

  test('may narrow the token, and never widen it', async () => {
    const { forItself } = await setUp();
    const { claims } = await forItself('user', ['user:read', 'user:delete']);
    expect(claims.services).toEqual({ user: { permissions: ['user:read'] } });
    await expect(forItself('user', ['user:delete'])).rejects.toMatchObject({ code: 'invalid_scope' });
  });
});

describe('a workload for a user', () => {
  test('gets what the user may do, as far as it may do that for users', async () => {
    const { forUser, verifyFor, accessClaims } = await setUp();
    const { token, kind } = await forUser();
    expect(kind).toBe('delegated');
    expect(await verifyFor('user')(token)).toMatchObject({
      sub: ALICE_ID,
      aud: ['user'],
      act: { sub: BUCKET },
      services: { user: { permissions: ['user:read'] } },
      user: { id: ALICE_ID, roles: ['member'], roleList: 'member', permissions: [] },
      session: accessClaims.session,
      origin_jti: accessClaims.jti,
    });
  });

  test('carries no role along when it names the permissions that it wants', async () => {
    const { forUser } = await setUp();
    const { claims } = await forUser('user', { permissions: ['user:read'] });
    expect(claims.user).toMatchObject({ roles: [], roleList: '', permissions: [] });
    await expect(forUser('user', { permissions: ['user:delete'] })).rejects.toMatchObject({ code: 'invalid_scope' });
  });

  test('never gets more than the user may do now', async () => {
    const { forUser, accounts } = await setUp();
    await setGrants(accounts, ALICE_ID, [{ service: 'user', permissions: ['user:delete'] }]);
    expect((await forUser()).claims.services).toEqual({ user: { permissions: [] } });
    await setGrants(accounts, ALICE_ID, []);
    await expect(forUser()).rejects.toMatchObject({ code: 'invalid_target' });
  });

  test('cannot widen the audience to where it was not granted to act', async () => {
    const { forUser } = await setUp();
    for (const service of ['notification', 'bucket', 'auth']) {
      await expect(forUser(service)).rejects.toMatchObject({ code: 'invalid_target' });
    }
  });

  test('acts by tokens that were meant for it only', async () => {
    const { forUser, minter, accessClaims } = await setUp();
    const forOthers = (await minter.narrow(accessClaims, 'user')).token;
    await expect(forUser('user', { subjectToken: forOthers })).rejects.toMatchObject(invalidRequest('another service'));
    const { service: _, ...unregistered } = bucket;
    const { forUser: byUnregistered } = await setUp([unregistered]);
    await expect(byUnregistered()).rejects.toMatchObject(invalidRequest('another service'));
  });

  test('is not acted for by what a stolen key of the guard signs beside narrow tokens', async () => {
    const { forUser, narrow, accessClaims, time } = await setUp();
    const forged = (claims: object) =>
      new SignJWT({ ...narrow.claims, ...claims })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: guardKey.kid })
        .sign(guardKey.privateKey);
    const iat = Math.floor(time.now.getTime() / 1000);
    const wide = [
      accessClaims,
      { aud: ['bucket', 'user'] },
      { services: accessClaims.services },
      { exp: iat + 900 },
      { iat: iat + 86_400, exp: iat + 86_700 },
      { origin_jti: undefined },
    ];
    for (const claims of wide) {
      await expect(forUser('user', { subjectToken: await forged(claims) })).rejects.toMatchObject(
        invalidRequest('no valid access token'),
      );
    }
    // Even what passes for a narrow token brings no more than the user has, in a session that there is.
    const user = { ...accessClaims.user, roles: ['member', 'admin', 'root'], permissions: ['everything'] };
    const bragging = await forUser('user', {
      subjectToken: await forged({ user, services: { bucket: { permissions: ['*'] } } }),
    });
    expect(bragging.claims.user).toMatchObject({ roles: ['member'], permissions: [] });
    expect(bragging.claims.services).toEqual({ user: { permissions: ['user:read'] } });
    const elsewhere = await forged({ session: { id: 'guessed' } });
    await expect(forUser('user', { subjectToken: elsewhere })).rejects.toMatchObject(invalidRequest('session'));
  });

  test('ends with the session, the account and the token', async () => {
    const { forUser, sessions, revoked, narrow, accessClaims } = await setUp();
    for (const jti of [narrow.claims.jti, accessClaims.jti]) {
      revoked.add(jti);
      await expect(forUser()).rejects.toMatchObject(invalidRequest('no valid access token'));
      revoked.clear();
    }
    const { forUser: afterTime, time: later } = await setUp();
    later.now = new Date(later.now.getTime() + 360_000);
    await expect(afterTime()).rejects.toMatchObject(invalidRequest('no valid access token'));
    await sessions.destroy(ALICE_ID, narrow.claims.session?.id ?? '');
    await expect(forUser()).rejects.toMatchObject(invalidRequest('session'));
  });

  test('gets a token that ends with the one it exchanged, however late it does', async () => {
    const { forUser, time, narrow } = await setUp();
    time.now = new Date((narrow.claims.exp - 7) * 1000);
    const { claims } = await forUser();
    expect(claims.exp).toBe(narrow.claims.exp);
  });

  test('is refused for a user who is inactive', async () => {
    const { accounts, ...fixture } = await setUp();
    const find = accounts.find;
    accounts.find = async (id) => {
      const account = await find(id);
      return account && { ...account, active: false };
    };
    await expect(fixture.forUser()).rejects.toMatchObject(invalidRequest('session'));
  });

  test('needs a token of a user: not one of a workload, and not one that is no access token', async () => {
    const { forUser, forItself, cluster, access, minter } = await setUp([
      bucket,
      { ...bucket, serviceAccount: 'user', service: 'user', grants: [{ service: 'bucket', own: [] }] },
    ]);
    const ofWorkload = (await minter.service({ workload: BUCKET, service: 'bucket', grant: { permissions: [] } }))
      .token;
    await expect(forUser('user', { subjectToken: ofWorkload })).rejects.toMatchObject(
      invalidRequest('no logged-in user'),
    );
    const others = [access.refreshToken, await cluster.token('bucket'), '', 'a.b.c', 'x'.repeat(30_000)];
    for (const subjectToken of others) {
      await expect(forUser('user', { subjectToken })).rejects.toMatchObject(invalidRequest('no valid access token'));
    }
    expect(await forItself('user')).toBeDefined();
  });

  test('proves itself by its own token: a token of ours is none', async () => {
    const { exchange, forUser, narrow } = await setUp();
    const delegated = await forUser();
    for (const workloadToken of [delegated.token, narrow.token]) {
      const request = { clientId: BUCKET, workloadToken, subjectToken: narrow.token, service: 'user' };
      await expect(exchange(request)).rejects.toMatchObject(invalidRequest('projected ServiceAccount token'));
    }
  });

  test('passes a call on with the names of all who did, up to four', async () => {
    const names = ['bucket', 'user'] as const;
    const workloads = names.map((name, index) => ({
      ...bucket,
      serviceAccount: name,
      service: name,
      grants: [
        { service: names[1 - index] ?? '', delegated: { permissions: ['user:read', 'bucket:read'], roles: [] } },
      ],
    }));
    const { exchange, cluster, narrow } = await setUp(workloads);
    let subjectToken = narrow.token;
    const hop = async (from: string, to: string) => {
      const clientId = `system:serviceaccount:shop:${from}`;
      return exchange({ clientId, workloadToken: await cluster.token(from), subjectToken, service: to });
    };
    for (const [from, to] of [names, [...names].reverse(), names, [...names].reverse()]) {
      subjectToken = (await hop(from ?? '', to ?? '')).token;
    }
    await expect(hop('bucket', 'user')).rejects.toMatchObject(invalidRequest('too many services'));
  });

  test('never gets what is not in every one of: the grant of the user, of the workload, and the scope', async () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 });
    const some = fc.record({ granted: names, delegated: names, roles: names, scope: fc.option(names) });
    let made = 0;
    await fc.assert(
      fc.asyncProperty(some, async ({ granted, delegated, roles, scope }) => {
        const grants = [{ service: 'user', delegated: { permissions: delegated, roles } }];
        const { forUser, accounts } = await setUp([{ ...bucket, grants }]);
        await setGrants(accounts, ALICE_ID, [{ service: 'user', permissions: granted }]);
        const result = await forUser('user', scope === null ? {} : { permissions: scope }).catch(() => undefined);
        const claims = result?.claims;
        for (const permission of claims?.services['user']?.permissions ?? []) {
          expect(granted).toContain(permission);
          expect(delegated).toContain(permission);
          if (scope !== null) expect(scope).toContain(permission);
        }
        for (const role of claims?.user?.roles ?? []) expect(roles).toContain(role);
        expect(claims?.aud ?? ['user']).toEqual(['user']);
        if (claims !== undefined) made += 1;
      }),
      { numRuns: 50 },
    );
    expect(made).toBeGreaterThan(10);
  });
});
