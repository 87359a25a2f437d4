import type { InjectOptions } from 'fastify';
import { describe, expect, test } from 'vitest';
import { createAdminFixture } from '../testing/admin-fixture.ts';
import { ALICE_ID } from '../testing/fixture.ts';

const url = `/v1/users/${ALICE_ID}`;

function setUp() {
  const fixture = createAdminFixture();
  return { ...fixture, audited: () => fixture.accounts.audited.at(-1) };
}

describe('grants of one service', () => {
  const grant = (service: string, payload?: object): InjectOptions => ({
    method: payload === undefined ? 'DELETE' : 'PUT',
    url: `${url}/grants/${service}`,
    ...(payload !== undefined && { payload }),
  });

  test('are set beside the others, and taken away', async () => {
    const { call, owed, audited } = setUp();
    const set = await call(grant('files', { permissions: ['files:read'], expires: 2_000_000_000 }));
    expect(set.json().grants).toContainEqual({ service: 'files', permissions: ['files:read'], expires: 2_000_000_000 });
    expect(set.json().grants).toHaveLength(4);
    expect(owed).toEqual([]);
    const removed = await call(grant('bucket'));
    expect(removed.json().grants).toHaveLength(3);
    expect(owed).toMatchObject([{ scope: 'tokens' }]);
    expect(audited()).toMatchObject({
      action: 'grants.changed',
      changes: { 'grants/bucket': { old: { permissions: ['bucket:read', 'bucket:write'] } } },
    });
    expect((await call(grant('bucket'))).json()).toMatchObject({ status: 404, code: 'grant_unknown' });
  });

  test('revoke tokens when they get narrower or shorter, not when wider', async () => {
    const { call, owed } = setUp();
    await call(grant('bucket', { permissions: ['bucket:read', 'bucket:write', 'bucket:delete'] }));
    expect(owed).toHaveLength(0);
    await call(grant('bucket', { permissions: ['bucket:read'] }));
    expect(owed).toHaveLength(1);
    await call(grant('bucket', { permissions: ['bucket:read'], expires: 2_000_000_000 }));
    expect(owed).toHaveLength(2);
  });
});

describe('an administrator without grants:admin', () => {
  const payload = { email: 'bob@example.org', password: 'correct horse' };
  const at = (...permissions: string[]) => [{ service: 'auth', permissions }];

  test('grants at auth only what he holds', async () => {
    const { call, token } = setUp();
    const writer = await token(['users:write', 'users:read']);
    const create = (grants: object[]) =>
      call({ method: 'POST', url: '/v1/users', payload: { ...payload, grants } }, writer);
    expect((await create(at('keys:write'))).json()).toMatchObject({ status: 403, code: 'permission_missing' });
    expect((await create(at('users:read'))).statusCode).toBe(201);
    const own = await call(
      { method: 'PUT', url: `${url}/grants/auth`, payload: { permissions: ['grants:admin'] } },
      writer,
    );
    expect(own.statusCode).toBe(403);
  });

  test('takes over nobody who holds more', async () => {
    const { call, token, accounts } = setUp();
    const { id } = (
      await call({ method: 'POST', url: '/v1/users', payload: { ...payload, grants: at('keys:write') } })
    ).json();
    const writer = await token(['users:write']);
    const attempts: InjectOptions[] = [
      { method: 'PUT', url: `/v1/users/${id}/password`, payload: { password: 'battery staple' } },
      { method: 'PATCH', url: `/v1/users/${id}`, payload: { email: 'me@example.org' }, headers: { 'if-match': '"1"' } },
      { method: 'PUT', url: `/v1/users/${id}/grants/bucket`, payload: { permissions: [] } },
      { method: 'DELETE', url: `/v1/users/${id}/grants/auth` },
      { method: 'DELETE', url: `/v1/users/${id}` },
    ];
    for (const attempt of attempts) {
      expect((await call(attempt, writer)).json()).toMatchObject({ status: 403, code: 'permission_missing' });
    }
    expect(await accounts.find(id)).toMatchObject({ version: 1 });
  });
});
