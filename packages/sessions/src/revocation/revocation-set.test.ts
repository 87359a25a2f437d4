import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EVERYTHING, isDated, REVOCATION_KINDS, type RevocationEntry } from './revocation.ts';
import { type RevocableClaims, RevocationSet } from './revocation-set.ts';

const NOW_S = 1_800_000_000;
const UNTIL = (NOW_S + 900) * 1000;

/** Few names and moments, so that entries and tokens often meet. */
const id = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor');
const moment = fc.integer({ min: NOW_S - 3, max: NOW_S + 3 });
const entries: fc.Arbitrary<RevocationEntry> = fc
  .record({ kind: fc.constantFrom(...REVOCATION_KINDS), id, at: moment, life: fc.integer({ min: 1, max: 10_000 }) })
  .map(({ kind, id, at, life }) => ({
    kind,
    id: kind === 'all' ? EVERYTHING : id,
    until: NOW_S * 1000 + life,
    ...(isDated(kind) && { issuedBefore: at }),
  }));
const session = fc.record({ id, device: id }, { requiredKeys: ['id'] });
const actor = fc.record({ sub: id, act: fc.record({ sub: id }) }, { requiredKeys: ['sub'] });
const claims: fc.Arbitrary<RevocableClaims> = fc.record(
  { jti: id, origin_jti: id, sub: id, iat: moment, client_id: id, user: fc.record({ id }), session, act: actor },
  { requiredKeys: [] },
);
const tokens = fc.record({ claims, kid: fc.option(id, { nil: undefined }) });

function setOf(...all: RevocationEntry[]): RevocationSet {
  const set = new RevocationSet();
  for (const entry of all) set.add(entry);
  return set;
}

/** The sentence of each kind, as plainly as it can be said. */
function isRefusedBy(entry: RevocationEntry, { jti, sub, iat = 0, ...claims }: RevocableClaims, kid?: string): boolean {
  const isOlder = iat <= (entry.issuedBefore ?? 0);
  switch (entry.kind) {
    case 'token':
      return jti === entry.id || claims.origin_jti === entry.id;
    case 'session':
      return claims.session?.id === entry.id;
    case 'key':
      return kid === entry.id;
    case 'all':
      return isOlder;
    case 'user':
      return isOlder && [sub, claims.user?.id, claims.act?.sub, claims.act?.act?.sub].includes(entry.id);
    case 'device':
      return isOlder && claims.session?.device === entry.id;
    case 'client':
      return isOlder && claims.client_id === entry.id;
    case 'logout':
      return false;
  }
}

describe('a set of revocations', () => {
  test('refuses exactly what one of its entries refuses, and names the kind of one', () => {
    fc.assert(
      fc.property(fc.array(entries), tokens, (all, { claims, kid }) => {
        const kinds = all.filter((entry) => isRefusedBy(entry, claims, kid)).map((entry) => entry.kind);
        const refusal = setOf(...all).check(claims, kid);
        if (kinds.length === 0) expect(refusal).toBeUndefined();
        else expect(kinds).toContain(refusal?.kind);
      }),
    );
  });

  test('refuses no less for an entry more, in any order and however often', () => {
    fc.assert(
      fc.property(fc.array(entries), entries, tokens, (all, more, { claims, kid }) => {
        const before = setOf(...all).check(claims, kid);
        const after = setOf(more, ...all.toReversed(), more, ...all).check(claims, kid);
        if (before !== undefined) expect(after).toBeDefined();
        expect(after).toEqual(setOf(...all, more).check(claims, kid));
      }),
    );
  });

  test('keeps the stricter of two entries of one name', () => {
    fc.assert(
      fc.property(fc.array(entries), (all) => {
        const set = setOf(...all);
        for (const entry of all) expect(set.covers(entry)).toBe(true);
        expect([...setOf(...set.entries()).entries()]).toEqual([...set.entries()]);
      }),
    );
  });

  test('covers no entry that it lacks a part of', () => {
    const user: RevocationEntry = { kind: 'user', id: 'a', issuedBefore: NOW_S, until: UNTIL };
    expect(setOf().covers(user)).toBe(false);
    expect(setOf({ ...user, id: 'b' }).covers(user)).toBe(false);
    expect(setOf({ ...user, issuedBefore: NOW_S - 1 }).covers(user)).toBe(false);
    expect(setOf({ ...user, until: UNTIL - 2_000 }).covers(user)).toBe(false);
    const token: RevocationEntry = { kind: 'token', id: 'a', until: UNTIL };
    expect(setOf({ ...token, until: UNTIL - 2_000 }).covers(token)).toBe(false);
    expect(setOf({ ...token, kind: 'session' }).covers(token)).toBe(false);
  });

  test('forgets an entry when it ends, and not before', () => {
    fc.assert(
      fc.property(fc.array(entries), fc.integer({ min: 0, max: 20_000 }), (all, later) => {
        const set = setOf(...all);
        set.sweep(NOW_S * 1000 + later);
        const kept = all.filter(({ until }) => until > NOW_S * 1000 + later);
        for (const entry of kept) expect(set.covers(entry)).toBe(true);
        set.sweep(NOW_S * 1000 + 11_000);
        expect(set.size).toBe(0);
      }),
    );
  });

  test('refuses what was issued in the second of the revocation, and lets pass what came in the next', () => {
    const set = setOf({ kind: 'user', id: 'alice', issuedBefore: NOW_S, until: UNTIL });
    expect(set.check({ sub: 'alice', iat: NOW_S })).toEqual({ kind: 'user' });
    expect(set.check({ sub: 'alice', iat: NOW_S + 1 })).toBeUndefined();
    expect(set.check({ sub: 'alice' })).toEqual({ kind: 'user' });
    expect(set.check({ sub: 'bob', iat: NOW_S })).toBeUndefined();
  });
});
