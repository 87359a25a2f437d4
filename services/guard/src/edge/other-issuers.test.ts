import { describe, expect, test } from 'vitest';
import { narrowClaims, refusedWith } from '../testing/edge-answers.ts';
import { edgeWorld, ISSUERS, PLATFORM } from '../testing/edge-world.ts';
import { policy } from '../testing/objects.ts';

describe('an issuer beside the platform', () => {
  const both = policy('bucket', ISSUERS);

  test('its token of more claims than a token of the platform holds is refused, and no defect', async () => {
    const world = await edgeWorld({ policies: [both] });
    const roles = Array.from({ length: 64 }, (_, index) => `role-${index}-${'x'.repeat(40)}`);
    const token = await world.partnerToken({ user: { roles } });
    expect(await world.ask({ token })).toMatchObject(refusedWith('token_invalid', 401));
  });

  test('its token is exchanged anew when its TokenIssuer names other claims', async () => {
    const world = await edgeWorld({ policies: [both] });
    const token = await world.partnerToken({ other: { can: ['bucket:read', 'bucket:other'] } });
    const permissions = async () => (await narrowClaims(world, await world.ask({ token }))).services;
    expect(await permissions()).toEqual({ bucket: { permissions: ['bucket:read'] } });
    world.apply([both], { permissions: ['other', 'can'] });
    expect(await permissions()).toEqual({ bucket: { permissions: ['bucket:read', 'bucket:other'] } });
  });

  test('its token becomes one of the platform, for somebody who is nobody of ours', async () => {
    const world = await edgeWorld({ policies: [both] });
    const token = await world.partnerToken({ email: 'p1@partner.example', user: { roles: ['a', 'not a role'] } });
    const claims = await narrowClaims(world, await world.ask({ token }));
    expect(claims).toMatchObject({
      iss: PLATFORM,
      sub: 'partner|p1',
      client_id: 'partner|',
      aud: ['bucket'],
      user: { id: 'partner|p1', email: 'p1@partner.example', roles: ['a'], roleList: 'a' },
      services: { bucket: { permissions: ['bucket:read'] } },
    });
    expect(claims.origin_jti).toMatch(/^[\w-]{43}$/);
  });

  test.each([
    [{ azp: 'desk' }, 'partner|desk'],
    [{ azp: 'desk', client_id: 'shop' }, 'partner|shop'],
    [{ client_id: 7, azp: 'desk' }, 'partner|desk'],
    [{ client_id: 'a\nb' }, 'partner|'],
    [{ client_id: 'x'.repeat(129) }, 'partner|'],
  ])('its token of the client %j becomes one of a client that nobody of ours is called like', async (said, client) => {
    const world = await edgeWorld({ policies: [both] });
    const answer = await world.ask({ token: await world.partnerToken(said) });
    expect(await narrowClaims(world, answer)).toMatchObject({ client_id: client });
  });

  test('its token counts only with what its TokenIssuer requires, which tells it from an id token', async () => {
    const world = await edgeWorld({ policies: [both] });
    world.apply([both], { requiredClaims: [{ path: ['typ'], anyOf: ['Bearer'] }] });
    const asked = async (typ: string) => world.ask({ token: await world.partnerToken({ typ }) });
    expect(await asked('Bearer')).toMatchObject({ allowed: true });
    expect(await asked('ID')).toMatchObject(refusedWith('token_invalid', 401));
  });

  test('its token counts only where the policy names it, with its own keys, and with what it must hold', async () => {
    const world = await edgeWorld({ policies: [both, policy('user')] });
    const token = await world.partnerToken();
    expect(await world.ask({ token, host: 'user.example' })).toMatchObject(refusedWith('token_invalid', 401));
    const { exp, ...noEnd } = { exp: undefined };
    expect(await world.ask({ token: await world.partnerToken({ exp, ...noEnd }) })).toMatchObject({ status: 401 });
    expect(await world.ask({ token: await world.partnerToken({ aud: 'user' }) })).toMatchObject({ status: 403 });
    expect(await world.ask({ token: await world.partnerToken({ realm: {} }) })).toMatchObject({ status: 403 });
    expect(await world.ask({ token: await world.partnerToken({ sub: 'a\nb' }) })).toMatchObject({ status: 401 });
    world.revoked.add('partner|p1');
    expect(await world.ask({ token })).toMatchObject(refusedWith('token_revoked', 401));
  });

  test('its token passes as it is where the service does not take those of the platform', async () => {
    const world = await edgeWorld({ policies: [policy('bucket', { issuers: ['partner'] })] });
    const token = await world.partnerToken();
    expect(await world.ask({ token })).toEqual({ allowed: true, authorization: `Bearer ${token}` });
    expect(await world.ask({ token: await world.logIn('alice') })).toMatchObject(refusedWith('token_invalid', 401));
  });
});
