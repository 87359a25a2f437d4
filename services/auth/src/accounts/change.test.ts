import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Profile } from './account.ts';
import { changesBetween, revocationFor } from './change.ts';

const base: Profile = {
  email: 'alice@example.org',
  active: true,
  roles: ['member'],
  permissions: ['a'],
  grants: [{ service: 'bucket', permissions: ['read', 'write'], expires: 2_000 }],
};

const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'));
const grants = fc.uniqueArray(
  fc
    .record({ service: fc.constantFrom('x', 'y', 'z'), permissions: names, expires: fc.option(fc.nat(3)) })
    .map(({ expires, ...grant }) => ({ ...grant, ...(expires !== null && { expires }) })),
  { selector: ({ service }) => service },
);
const profile = fc.record({
  email: fc.constant('a@b'),
  active: fc.constant(true),
  roles: names,
  permissions: names,
  grants,
});

/** What a token of this user could say, one by one, with the second until which it could. */
function statements({ roles, permissions, grants: granted }: Profile): Map<string, number> {
  return new Map([
    ...roles.map((role) => [`role ${role}`, Number.POSITIVE_INFINITY] as const),
    ...permissions.map((name) => [`permission ${name}`, Number.POSITIVE_INFINITY] as const),
    ...granted.map(({ service, expires = Number.POSITIVE_INFINITY }) => [`service ${service}`, expires] as const),
    ...granted.flatMap(({ service, permissions: all, expires = Number.POSITIVE_INFINITY }) =>
      all.map((name) => [`${service} ${name}`, expires] as const),
    ),
  ]);
}

describe('what a change revokes', () => {
  test('is every token, exactly when one could say what is not so any more', () => {
    fc.assert(
      fc.property(profile, profile, (before, after) => {
        const now = statements(after);
        const isOver = [...statements(before)].some(([text, until]) => (now.get(text) ?? -1) < until);
        expect(revocationFor(before, after)).toEqual(isOver ? { scope: 'tokens' } : undefined);
      }),
    );
  });

  test.each([
    [{ ...base, active: false }, 'sessions'],
    [undefined, 'sessions'],
    [{ ...base, email: 'other@example.org' }, 'tokens'],
  ])('is everything for a user who may not log in any more (%#)', (after, scope) => {
    expect(revocationFor(base, after)).toEqual({ scope });
  });
});

describe('what the audit log tells', () => {
  test('is what differs, a grant by the name of its service', () => {
    const after = { ...base, active: false, grants: [{ service: 'files', permissions: [] }] };
    expect(changesBetween(base, after)).toEqual({
      active: { old: true, new: false },
      'grants/bucket': { old: { permissions: ['read', 'write'], expires: 2_000 } },
      'grants/files': { new: { permissions: [] } },
    });
  });

  test('is everything of a user who is made or deleted, and nothing when nothing differs', () => {
    expect(Object.keys(changesBetween(undefined, base))).toEqual([
      'email',
      'active',
      'roles',
      'permissions',
      'grants/bucket',
    ]);
    expect(changesBetween(base, undefined)).toMatchObject({ email: { old: base.email } });
    expect(changesBetween(base, structuredClone(base))).toEqual({});
  });

  test('never holds a password hash', () => {
    const account = { ...base, passwordHash: 'hunter2', id: '1', version: 3 };
    expect(JSON.stringify(changesBetween(undefined, account))).not.toContain('hunter2');
  });
});
