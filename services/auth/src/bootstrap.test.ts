import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { bootstrapAdministrator } from './bootstrap.ts';
import { ADMIN_PERMISSIONS } from './http/permissions.ts';
import { plainHasher } from './testing/fixture.ts';
import { memoryAccounts } from './testing/memory-accounts.ts';

const system = { subject: 'system:test', requestId: 'test' };
const first = { email: 'Admin@Example.org', password: 'correct horse' };

function setUp() {
  return { accounts: memoryAccounts(), passwords: plainHasher(), uuid: randomUUID };
}

describe('bootstrapAdministrator', () => {
  test('makes an administrator who may manage users', async () => {
    const dependencies = setUp();
    expect(await bootstrapAdministrator(dependencies, first)).toBe(true);
    const credentials = await dependencies.accounts.findCredentials('admin@example.org');
    expect(credentials).toMatchObject({ passwordHash: 'hash:correct horse', active: true });
    expect(await dependencies.accounts.find(credentials?.userId ?? '')).toMatchObject({
      roles: ['admin'],
      grants: [{ service: 'auth', permissions: [...ADMIN_PERMISSIONS] }],
    });
  });

  test('leaves an existing user alone: neither password nor grants come back', async () => {
    const dependencies = setUp();
    await bootstrapAdministrator(dependencies, first);
    const userId = (await dependencies.accounts.findCredentials('admin@example.org'))?.userId ?? '';
    await dependencies.accounts.change(userId, system, (account) => ({
      action: 'grants.changed',
      after: { ...account, grants: [] },
    }));
    const before = await dependencies.accounts.findCredentials('admin@example.org');
    expect(await bootstrapAdministrator(dependencies, { ...first, password: 'another horse' })).toBe(false);
    expect(await dependencies.accounts.findCredentials('admin@example.org')).toEqual(before);
    expect((await dependencies.accounts.find(userId))?.grants).toEqual([]);
  });

  test('makes nobody while there is an administrator: one who was deleted does not come back', async () => {
    const dependencies = setUp();
    await bootstrapAdministrator(dependencies, { ...first, email: 'other@example.org' });
    expect(await bootstrapAdministrator(dependencies, first)).toBe(false);
    expect(await dependencies.accounts.findCredentials('admin@example.org')).toBeUndefined();
  });

  test('refuses a password that would be guessed, without telling it', async () => {
    const refused = bootstrapAdministrator(setUp(), { ...first, password: 'Passw0rd!' });
    await expect(refused).rejects.toMatchObject({ code: 'secret_unusable' });
    await expect(refused).rejects.not.toThrow('Passw0rd');
  });

  test('gives way to a replica that was faster', async () => {
    const dependencies = setUp();
    const made = await Promise.all([1, 2, 3].map(() => bootstrapAdministrator(dependencies, first)));
    expect(made.filter(Boolean)).toHaveLength(1);
  });
});
