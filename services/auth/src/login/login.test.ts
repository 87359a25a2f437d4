import { TokenError } from '@sekisho/tokens';
import { describe, expect, test } from 'vitest';
import { AuthError } from '../errors.ts';
import { ALICE_ID, alice, createFixture } from '../testing/fixture.ts';
import { memoryAccounts, setGrants } from '../testing/memory-accounts.ts';
import type { LoginRequest } from './login.ts';

const request: LoginRequest = {
  email: 'Alice@Example.org',
  password: 'correct horse',
  device: { userAgent: 'Firefox' },
  ip: '192.0.2.1',
};

describe('login', () => {
  test('mints a token for every service that is granted and not over', async () => {
    const { login, verifyFor, sessions, time } = createFixture();
    const { token, session } = await login(request);
    const claims = await verifyFor('bucket')(token);
    expect(claims).toMatchObject({
      sub: ALICE_ID,
      aud: ['bucket', 'user'],
      exp: time.now.getTime() / 1000 + 900,
      user: {
        id: ALICE_ID,
        email: 'alice@example.org',
        roles: ['member'],
        roleList: 'member',
        permissions: ['profile:read'],
      },
      session: { id: session.id, device: session.fingerprint, ip: '192.0.2.1' },
    });
    expect(claims.services).toEqual({
      bucket: { permissions: ['bucket:read', 'bucket:write'] },
      user: { permissions: ['user:read'], expires: 2_000_000_000 },
    });
    expect([...sessions.live.keys()]).toEqual([session.id]);
  });

  test("leaves the administrators' API out unless it is asked for by name", async () => {
    const grants = [...alice.grants, { service: 'auth', permissions: ['users:write'] }];
    const { login, verifyFor } = createFixture({ accounts: memoryAccounts({ ...alice, grants }) });
    const { aud, services } = await verifyFor('bucket')((await login(request)).token);
    expect([aud, Object.keys(services)]).toEqual([
      ['bucket', 'user'],
      ['bucket', 'user'],
    ]);
    expect((await verifyFor('auth')((await login({ ...request, services: ['auth'] })).token)).aud).toEqual(['auth']);
  });

  test("tells a user who has only the administrators' API to ask for it", async () => {
    const grants = [{ service: 'auth', permissions: ['users:write'] }];
    const { login } = createFixture({ accounts: memoryAccounts({ ...alice, grants }) });
    const refused = login(request);
    await expect(refused).rejects.toMatchObject({ code: 'permission_missing', reason: 'not_granted' });
    await expect(refused).rejects.toThrow('auth');
  });

  test('mints for the services asked for alone', async () => {
    const { login, verifyFor } = createFixture();
    const { token } = await login({ ...request, services: ['user'] });
    expect(Object.keys((await verifyFor('user')(token)).services)).toEqual(['user']);
  });

  test.each(['auth', 'archive', 'constructor'])(
    'refuses %s, which is not granted or over, by name',
    async (service) => {
      const { login, sessions } = createFixture();
      const refused = login({ ...request, services: ['bucket', service] });
      await expect(refused).rejects.toMatchObject({ code: 'permission_missing', reason: 'not_granted' });
      await expect(refused).rejects.toThrow(service);
      expect(sessions.live.size).toBe(0);
    },
  );

  test('refuses a user to whom nothing is granted', async () => {
    const { login } = createFixture({ accounts: memoryAccounts({ ...alice, grants: [] }) });
    await expect(login(request)).rejects.toMatchObject({ code: 'permission_missing' });
  });

  test('answers an unknown user, a wrong password and an inactive user alike, after the same work', async () => {
    const inactive = { ...alice, id: 'i', email: 'inactive@example.org', active: false };
    const { login, passwords } = createFixture({ accounts: memoryAccounts(alice, inactive) });
    const messages = new Set<string>();
    for (const [attempt, reason] of [
      [{ ...request, email: 'nobody@example.org' }, 'unknown_user'],
      [{ ...request, email: `${'\u0130'.repeat(200)}@example.org` }, 'unknown_user'],
      [{ ...request, password: 'wrong' }, 'wrong_password'],
      [{ ...request, email: 'inactive@example.org' }, 'inactive'],
    ] as const) {
      const refused = login(attempt);
      await expect(refused).rejects.toMatchObject({ code: 'credentials_invalid', reason, status: 401 });
      await refused.catch((error: Error) => messages.add(error.message));
    }
    expect(messages.size).toBe(1);
    expect(passwords.verified).toHaveLength(4);
  });

  test('refuses a user who is made inactive while the password is checked', async () => {
    const accounts = memoryAccounts(alice);
    const find: typeof accounts.find = async (id) => {
      const account = await accounts.find(id);
      return account && { ...account, active: false };
    };
    const { login } = createFixture({ accounts: { ...accounts, find } });
    await expect(login(request)).rejects.toMatchObject({ code: 'credentials_invalid', reason: 'inactive' });
  });

  test('lets nobody in with a password that is changed while it is checked', async () => {
    const accounts = memoryAccounts(alice);
    const by = { subject: 'system:test', requestId: 'test' };
    const { login, sessions } = createFixture({
      accounts: {
        ...accounts,
        async findCredentials(email) {
          const found = await accounts.findCredentials(email);
          const passwordHash = 'hash:battery staple';
          await accounts.change(ALICE_ID, by, (after) => ({ action: 'password.changed', after, passwordHash }));
          return found;
        },
      },
    });
    await expect(login(request)).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 });
    expect(sessions.live.size).toBe(0);
  });

  test('leaves no session behind when the account is changed while it logs in', async () => {
    const accounts = memoryAccounts(alice);
    const { login, sessions } = createFixture({
      accounts: {
        ...accounts,
        async activeVersion(id) {
          // The latest moment at which a change can come: its revocation found no session yet.
          expect(sessions.live.size).toBe(1);
          await setGrants(accounts, id, []);
          return accounts.activeVersion(id);
        },
      },
    });
    await expect(login(request)).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 });
    expect(sessions.live.size).toBe(0);
  });

  test('replaces a hash of other parameters, and no other', async () => {
    const accounts = memoryAccounts({ ...alice, passwordHash: 'old:correct horse' });
    const { login } = createFixture({ accounts });
    await expect(login({ ...request, password: 'wrong' })).rejects.toMatchObject({ reason: 'wrong_password' });
    expect(await accounts.findCredentials(alice.email)).toMatchObject({ passwordHash: 'old:correct horse' });
    await login(request);
    expect(await accounts.findCredentials(alice.email)).toMatchObject({ passwordHash: 'hash:correct horse' });
    expect(await accounts.activeVersion(alice.id)).toBe(1);
  });

  test('does not need to replace the hash, while the database takes no change', async () => {
    const accounts = memoryAccounts({ ...alice, passwordHash: 'old:correct horse' });
    const rehash = () => Promise.reject(new AuthError('unavailable', 'the database does not answer'));
    const { login } = createFixture({ accounts: { ...accounts, rehash } });
    expect(await login(request)).toHaveProperty('token');
    const broken = createFixture({ accounts: { ...accounts, rehash: () => Promise.reject(new Error('a bug')) } });
    await expect(broken.login(request)).rejects.toThrow('a bug');
  });

  test('limits attempts on one account, also with the right password, however the address is written', async () => {
    const { login, passwords } = createFixture({ bursts: { accountFromNetwork: 2 } });
    await expect(login({ ...request, password: 'wrong' })).rejects.toMatchObject({ code: 'credentials_invalid' });
    await expect(login({ ...request, password: 'wrong' })).rejects.toMatchObject({ code: 'credentials_invalid' });
    const limited = login({ ...request, email: 'ALICE@EXAMPLE.ORG' });
    await expect(limited).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 30 });
    expect(passwords.verified).toHaveLength(2);
  });

  test("lets the owner in whatever somebody else's network tries", async () => {
    const { login } = createFixture({ bursts: { accountFromNetwork: 2 } });
    for (const code of ['credentials_invalid', 'credentials_invalid', 'rate_limited']) {
      await expect(login({ ...request, password: 'wrong', ip: '198.51.100.1' })).rejects.toMatchObject({ code });
    }
    await login(request);
  });

  test('limits what all networks together may try on one account', async () => {
    const { login } = createFixture({ bursts: { account: 3 } });
    for (const ip of ['198.51.100.1', '2001:db8:1::1', '2001:db8:2::1']) {
      await expect(login({ ...request, password: 'wrong', ip })).rejects.toMatchObject({ code: 'credentials_invalid' });
    }
    await expect(login(request)).rejects.toMatchObject({ code: 'rate_limited' });
  });

  test('counts no success, and forgets after it what the same network failed', async () => {
    const { login } = createFixture({ bursts: { accountFromNetwork: 2, account: 4 } });
    for (let round = 0; round < 3; round += 1) {
      await expect(login({ ...request, password: 'wrong' })).rejects.toMatchObject({ code: 'credentials_invalid' });
      await login(request);
    }
  });

  test('leaves no session behind when the token cannot be minted', async () => {
    const grants = Array.from({ length: 60 }, (_, index) => ({ service: `s${index}`, permissions: ['p'.repeat(100)] }));
    const { login, sessions } = createFixture({ accounts: memoryAccounts({ ...alice, grants }) });
    const refused = login(request);
    await expect(refused).rejects.toBeInstanceOf(TokenError);
    await expect(refused).rejects.toMatchObject({ code: 'claims_too_large' });
    expect(sessions.live.size).toBe(0);
  });
});
