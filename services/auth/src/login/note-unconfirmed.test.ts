import { SessionError } from '@sekisho/sessions';
import { describe, expect, test } from 'vitest';
import { alice } from '../testing/fixture.ts';
import { memoryAccounts } from '../testing/memory-accounts.ts';
import { memoryUnconfirmed } from '../testing/memory-unconfirmed.ts';
import { notingAccounts, notingAuthenticate } from './note-unconfirmed.ts';

const attempt = { email: alice.email, password: 'correct horse', ip: '192.0.2.1' };
const { passwordHash: _, ...account } = { ...alice, version: 7 };

/** @param statements that a replica answers whenever an account is asked for */
function setUp(statements: number) {
  const logIns = memoryUnconfirmed();
  let believed = 0;
  const ask = async <T>(answer: T): Promise<T> => {
    believed += statements;
    return answer;
  };
  const options = { believed: () => believed, logIns };
  const stored = memoryAccounts(alice);
  return {
    logIns,
    authenticate: notingAuthenticate(options, () => ask(account)),
    accounts: notingAccounts(options, {
      ...stored,
      activeVersion: async (userId) => ask(await stored.activeVersion(userId)),
    }),
  };
}

describe('a log-in by what a replica shows', () => {
  test('is noted when the password was right, and when the session begins', async () => {
    const { logIns, authenticate, accounts } = setUp(2);
    expect(await authenticate(attempt)).toEqual(account);
    expect(logIns.waiting()).toEqual([`${alice.id}:7`]);
    expect(await accounts.activeVersion(alice.id)).toBe(1);
    expect(logIns.waiting()).toEqual([`${alice.id}:7`, `${alice.id}:1`]);
  });

  test('is refused where it cannot be noted', async () => {
    const { logIns, authenticate, accounts } = setUp(1);
    logIns.failure = new SessionError('redis_unavailable', 'away');
    await expect(authenticate(attempt)).rejects.toBe(logIns.failure);
    await expect(accounts.activeVersion(alice.id)).rejects.toBe(logIns.failure);
  });

  test('of nobody is none', async () => {
    const { logIns, accounts } = setUp(1);
    expect(await accounts.activeVersion('nobody')).toBeUndefined();
    expect(logIns.waiting()).toEqual([]);
  });
});

test('a log-in by the primary needs no note', async () => {
  const { logIns, authenticate, accounts } = setUp(0);
  await authenticate(attempt);
  await accounts.activeVersion(alice.id);
  expect(logIns.waiting()).toEqual([]);
});

test('a password that is wrong by the replica is none', async () => {
  const logIns = memoryUnconfirmed();
  let believed = 0;
  const refused = new Error('wrong');
  const authenticate = notingAuthenticate({ believed: () => ++believed, logIns }, () => Promise.reject(refused));
  await expect(authenticate(attempt)).rejects.toBe(refused);
  expect(logIns.waiting()).toEqual([]);
});
