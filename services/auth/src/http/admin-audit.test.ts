import { createLogger } from '@sekisho/telemetry';
import { describe, expect, test } from 'vitest';
import { createAdminFixture, READ_AND_WRITE } from '../testing/admin-fixture.ts';
import { ADMIN_ID, ALICE_ID, administratorGrant } from '../testing/fixture.ts';

const url = `/v1/users/${ALICE_ID}`;

describe('GET /v1/audit', () => {
  test('tells who did what, the newest first, to those who may read it', async () => {
    const { call, token } = createAdminFixture();
    await call({ method: 'PATCH', url, headers: { 'if-match': '"1"' }, payload: { roles: [] } });
    await call({ method: 'DELETE', url });
    const { items, next } = (await call({ url: '/v1/audit?limit=1' })).json();
    expect(items).toMatchObject([
      { id: '2', action: 'user.deleted', actor: { subject: ADMIN_ID }, at: expect.any(String) },
    ]);
    expect(next).toBe('2');
    const writer = await token(READ_AND_WRITE.filter((name) => name !== 'audit:read'));
    expect((await call({ url: '/v1/audit' }, writer)).statusCode).toBe(403);
  });

  test.each(['since=yesterday', 'since=2026-13-01T00:00:00Z', 'action=anything', 'target=1', 'cursor=a', 'limit=1000'])(
    'refuses %j',
    async (query) => {
      expect((await createAdminFixture().call({ url: `/v1/audit?${query}` })).json()).toMatchObject({
        code: 'request_invalid',
      });
    },
  );
});

test('a refused attempt is in the log with who tried, and not in the audit log', async () => {
  const lines: string[] = [];
  const log = createLogger({ name: 'test', level: 'info', destination: { write: (line) => void lines.push(line) } });
  const { call, token, accounts } = createAdminFixture({ log });
  await call({ method: 'DELETE', url }, await token(['users:read']));
  const line = lines.map((text) => JSON.parse(text)).find(({ route }) => route === '/v1/users/:id');
  expect(line).toMatchObject({ actor: ADMIN_ID, method: 'DELETE', status: 403, code: 'permission_missing' });
  expect(accounts.audited).toEqual([]);
});

test('a workload that acts for an administrator is the client in the audit log', async () => {
  const { call, mint, minter, accounts } = createAdminFixture();
  const services = { auth: { permissions: ['users:write'] } };
  const own = await mint(administratorGrant(services.auth.permissions));
  const actor = 'system:serviceaccount:shop:bucket';
  const { token } = await minter.delegated(own.claims, { actor, service: 'auth', grant: services.auth });
  await call({ method: 'DELETE', url }, token);
  expect(accounts.audited.at(-1)?.actor).toMatchObject({ subject: ADMIN_ID, client: actor });
});
