import { TokenError } from '@sekisho/tokens';
import { describe, expect, test } from 'vitest';
import { ALICE_ID, alice, createFixture } from '../testing/fixture.ts';
import { memoryAccounts } from '../testing/memory-accounts.ts';
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

  test('limits attempts on one account, also with the right password, however the address is written', async () => {
    const { login, passwords } = createFixture({ attempts: { account: 2, client: 100 } });
    await expect(login({ ...request, password: 'wrong' })).rejects.toMatchObject({ code: 'credentials_invalid' });
    await expect(login({ ...request, password: 'wrong' })).rejects.toMatchObject({ code: 'credentials_invalid' });
    const limited = login({ ...request, email: 'ALICE@EXAMPLE.ORG' });
    await expect(limited).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 30 });
    expect(passwords.verified).toHaveLength(2);
  });

  test('forgets the failures of an account after a success', async () => {
    const { login } = createFixture({ attempts: { account: 2, client: 100 } });
    for (let round = 0; round < 3; round += 1) {
      await expect(login({ ...request, password: 'wrong' })).rejects.toMatchObject({ code: 'credentials_invalid' });
      await login(request);
    }
  });

  test("does not count a refused client's attempts against the account", async () => {
    const { login, limits } = createFixture({ attempts: { account: 5, client: 1 } });
    await login(request);
    await expect(login(request)).rejects.toMatchObject({ code: 'rate_limited' });
    expect(limits.account.taken).toEqual(['alice@example.org']);
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
