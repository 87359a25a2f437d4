import { describe, expect, test } from 'vitest';
import { alice, createFixture } from '../testing/fixture.ts';
import { memoryAccounts } from '../testing/memory-accounts.ts';
import { createAssertTokensFit } from './tokens-fit.ts';

const assertTokensFit = createAssertTokensFit(createFixture().mint);

const withPermissions = (service: string, count: number) => ({
  ...alice,
  grants: [{ service, permissions: Array.from({ length: count }, (_, index) => `${index}`.padEnd(20, 'p')) }],
});

describe.each(['bucket', 'auth'])('a user with grants at %s', (service) => {
  const logIn = (count: number) => {
    const { login } = createFixture({ accounts: memoryAccounts(withPermissions(service, count)) });
    const ip = '2001:db8:1111:2222:3333:4444:5555:6666';
    return login({ email: alice.email, password: 'correct horse', services: [service], device: {}, ip });
  };

  test('is refused from where a log-in would fail, and not much earlier', async () => {
    const fits = (count: number) =>
      assertTokensFit(withPermissions(service, count)).then(
        () => true,
        () => false,
      );
    let count = 1;
    while (await fits(count + 1)) count += 1;
    await expect(assertTokensFit(withPermissions(service, count + 1))).rejects.toMatchObject({
      code: 'claims_too_large',
      message: expect.stringMatching(/roles 10, permissions 16, grants \d{4}$/),
    });
    await logIn(count);
    await expect(logIn(count + 2)).rejects.toMatchObject({ code: 'claims_too_large' });
  });
});

test('grants at auth are not counted together with others: no token holds both unless it is asked for', async () => {
  const [large, auth] = [withPermissions('bucket', 80), withPermissions('auth', 80)];
  await assertTokensFit({ ...alice, grants: [...large.grants, ...auth.grants] });
});

test('a user to whom nothing is granted is not refused', async () => {
  await assertTokensFit({ ...alice, grants: [] });
});
