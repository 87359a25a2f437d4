import { describe, expect, test } from 'vitest';
import { createAuthenticate } from '../login/login.ts';
import { ALICE_ID, alice, createFixture } from '../testing/fixture.ts';
import { memoryAccounts, setGrants } from '../testing/memory-accounts.ts';
import type { OwedRevocation } from './account.ts';
import { createChangeOwnPassword } from './own-password.ts';

const by = { subject: ALICE_ID, session: 's1', requestId: 'r1' };
const change = { current: 'correct horse', password: 'battery staple', ip: '192.0.2.1' };

function setUp() {
  const accounts = memoryAccounts(alice);
  const fixture = createFixture({ accounts, bursts: { accountFromNetwork: 2 } });
  const owed: OwedRevocation[] = [];
  const outbox = { make: async (revocation: OwedRevocation) => owed.push(revocation) > 0 };
  const authenticate = createAuthenticate(fixture);
  const options = { ...fixture, accounts, outbox, authenticate };
  return { ...fixture, accounts, owed, options, changePassword: createChangeOwnPassword(options) };
}

describe("a user's own change of password", () => {
  test('ends the other sessions, and is told in the audit log', async () => {
    const { changePassword, accounts, owed } = setUp();
    expect(await changePassword(by, change)).toMatchObject({ revoked: true });
    expect(await accounts.findCredentials(alice.email)).toMatchObject({ passwordHash: 'hash:battery staple' });
    expect(owed).toMatchObject([{ userId: ALICE_ID, scope: 'sessions', keptSession: 's1' }]);
    expect(accounts.audited).toMatchObject([{ actor: by, action: 'password.changed', changes: {} }]);
  });

  test('needs the current one, which is guessed no faster than at log-in', async () => {
    const { changePassword, accounts } = setUp();
    for (const code of ['credentials_invalid', 'credentials_invalid', 'rate_limited']) {
      await expect(changePassword(by, { ...change, current: 'wrong' })).rejects.toMatchObject({ code });
    }
    expect(accounts.audited).toEqual([]);
  });

  test('refuses a password that would be guessed before it asks for the current one', async () => {
    const { changePassword, passwords } = setUp();
    const refused = changePassword(by, { ...change, password: 'alice123' });
    await expect(refused).rejects.toMatchObject({ code: 'password_weak', field: '/password' });
    expect(passwords.verified).toEqual([]);
  });

  test('does not overwrite what an administrator does meanwhile', async () => {
    const { options, accounts, owed } = setUp();
    const changePassword = createChangeOwnPassword({
      ...options,
      async authenticate(attempt) {
        const account = await options.authenticate(attempt);
        await setGrants(accounts, ALICE_ID, []);
        return account;
      },
    });
    await expect(changePassword(by, change)).rejects.toMatchObject({ code: 'version_conflict' });
    expect(await accounts.findCredentials(alice.email)).toMatchObject({ passwordHash: alice.passwordHash });
    expect(owed).toEqual([]);
  });
});
