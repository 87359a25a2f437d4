import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kidOf, THUMBPRINT } from '../testing/refusals.ts';
import type { RevocationEntry } from './revocation.ts';
import { RevocationSet } from './revocation-set.ts';

const NOW_S = 1_800_000_000;
const UNTIL = (NOW_S + 900) * 1000;
const REGIONS = ['tokyo', 'osaka', 'kyoto'] as const;

const region = fc.constantFrom(...REGIONS);
const moment = fc.integer({ min: NOW_S - 3, max: NOW_S + 3 });
const asked: fc.Arbitrary<RevocationEntry> = fc
  .record({ region, issuedBefore: moment })
  .map((said) => ({ kind: 'user', id: 'alice', ...said, until: UNTIL }));
const answer: fc.Arbitrary<RevocationEntry> = fc
  .record({ region, issuedBefore: moment, asker: region, asked: moment })
  .filter((said) => said.region !== said.asker)
  .map(({ asker, asked: issuedBefore, ...said }) => ({
    ...{ kind: 'user', id: 'alice', until: UNTIL },
    ...said,
    answers: { region: asker, issuedBefore },
  }));
const everywhere: fc.Arbitrary<RevocationEntry> = moment.map((issuedBefore) => ({
  ...{ kind: 'user', id: 'alice', until: UNTIL },
  issuedBefore,
}));
const logout: fc.Arbitrary<RevocationEntry> = fc
  .record(
    { region, issuedBefore: moment, except: fc.constantFrom('s1', 's2') },
    { requiredKeys: ['region', 'issuedBefore'] },
  )
  .map((said) => ({ kind: 'logout', id: 'alice', ...said, until: UNTIL }));
const entries = fc.array(fc.oneof(asked, answer, everywhere, logout));
const tokens = fc.record({
  iat: moment,
  from: fc.constantFrom(undefined, ...REGIONS.map(kidOf), kidOf('nara'), THUMBPRINT, { region: 'osaka' }, {}),
});

function setOf(...all: RevocationEntry[]): RevocationSet {
  const set = new RevocationSet(REGIONS);
  for (const entry of all) set.add(entry);
  return set;
}

interface Token {
  readonly iat: number;
  readonly from?: string | { readonly region?: string } | undefined;
}

const isRefused = (set: RevocationSet, { iat, from }: Token) => set.check({ sub: 'alice', iat }, from) !== undefined;
const revoked = (name: string, issuedBefore: number): RevocationEntry => ({
  ...{ kind: 'user', id: 'alice', until: UNTIL },
  region: name,
  issuedBefore,
});
const answered = (name: string, issuedBefore: number, to: RevocationEntry): RevocationEntry => ({
  ...revoked(name, issuedBefore),
  answers: { region: to.region ?? '', issuedBefore: to.issuedBefore ?? 0 },
});

/** The rule, as plainly as it can be said. */
function isRefusedByRule(all: readonly RevocationEntry[], iat: number, name: string): boolean {
  const users = all.filter(({ kind }) => kind === 'user');
  const isAnswered = (entry: RevocationEntry) =>
    users.some(
      ({ region: by, answers }) =>
        by === name && answers?.region === entry.region && Number(answers?.issuedBefore) >= Number(entry.issuedBefore),
    );
  return users.some((entry) =>
    entry.region === undefined || entry.region === name
      ? iat <= Number(entry.issuedBefore)
      : entry.answers === undefined && !isAnswered(entry),
  );
}

describe('revocations of several regions', () => {
  test('hold by the clock of the region that issued a token, once it has answered, and whole before', () => {
    fc.assert(
      fc.property(entries, moment, region, (all, iat, name) => {
        expect(isRefused(setOf(...all), { iat, from: kidOf(name) })).toBe(isRefusedByRule(all, iat, name));
      }),
    );
  });

  test('hold by every clock for a token of which nobody knows where it is from', () => {
    fc.assert(
      fc.property(entries, moment, (all, iat) => {
        const isOlder = all.some((entry) => entry.kind === 'user' && iat <= Number(entry.issuedBefore));
        for (const from of [undefined, kidOf('nara'), THUMBPRINT, {}]) {
          expect(isRefused(setOf(...all), { iat, from })).toBe(isOlder);
        }
      }),
    );
  });

  test('come to the same in any order, however often, and by way of another set', () => {
    fc.assert(
      fc.property(entries, entries, tokens, (one, other, token) => {
        const set = setOf(...one, ...other);
        const shuffled = setOf(...other.toReversed(), ...setOf(...one, ...other).entries(), ...one, ...other);
        expect(isRefused(shuffled, token)).toBe(isRefused(set, token));
        for (const name of REGIONS) {
          const open = (of: RevocationSet) =>
            new Set([...of.unansweredBy(name, 0)].map((entry) => JSON.stringify(entry)));
          expect(open(shuffled)).toEqual(open(set));
        }
        for (const entry of [...one, ...other]) expect(set.covers(entry)).toBe(true);
        for (const entry of set.entries()) expect(shuffled.covers(entry)).toBe(true);
      }),
    );
  });

  test('only ever refuse more, but for what a region answers of its own tokens', () => {
    fc.assert(
      fc.property(entries, fc.oneof(asked, answer, everywhere), tokens, (all, more, token) => {
        const before = isRefused(setOf(...all), token);
        const after = isRefused(setOf(...all, more), token);
        if (!before || after) return;
        expect(more.answers).toBeDefined();
        expect([kidOf(more.region ?? ''), { region: more.region }]).toContainEqual(token.from);
        expect(token.iat).toBeGreaterThan(more.issuedBefore ?? 0);
      }),
    );
  });

  test.each([-300, 300])('a new log-in works where a region answered, with a clock %i s off', (off) => {
    const asking = revoked('tokyo', NOW_S);
    const set = setOf(asking);
    expect(isRefused(set, { iat: NOW_S + off + 1, from: kidOf('osaka') })).toBe(true);
    set.add(answered('osaka', NOW_S + off, asking));
    expect(isRefused(set, { iat: NOW_S + off, from: kidOf('osaka') })).toBe(true);
    expect(isRefused(set, { iat: NOW_S + off + 1, from: kidOf('osaka') })).toBe(false);
    expect(isRefused(set, { iat: NOW_S + off + 1, from: kidOf('kyoto') })).toBe(true);
    expect(isRefused(set, { iat: NOW_S + 1, from: kidOf('tokyo') })).toBe(false);
  });

  test('an answer to an earlier revocation answers no later one', () => {
    const [first, second] = [revoked('tokyo', NOW_S), revoked('tokyo', NOW_S + 100)];
    const set = setOf(first, answered('osaka', NOW_S - 300, first), second);
    expect(isRefused(set, { iat: NOW_S + 90, from: kidOf('osaka') })).toBe(true);
    expect([...set.unansweredBy('osaka', 0)]).toEqual([second]);
    set.add(answered('osaka', NOW_S - 200, second));
    expect([...set.unansweredBy('osaka', 0)]).toEqual([]);
    expect(isRefused(set, { iat: NOW_S - 199, from: kidOf('osaka') })).toBe(false);
  });

  test('what is over has to be answered no more', () => {
    const set = setOf(revoked('tokyo', NOW_S));
    expect([...set.unansweredBy('osaka', UNTIL - 1)]).toHaveLength(1);
    expect([...set.unansweredBy('osaka', UNTIL)]).toEqual([]);
  });

  test('a log-out refuses nothing by itself, and keeps no session that one of two would end', () => {
    const asking: RevocationEntry = { ...revoked('tokyo', NOW_S), kind: 'logout', except: 's1' };
    const set = setOf(asking);
    expect(isRefused(set, { iat: 0, from: kidOf('osaka') })).toBe(false);
    expect([...set.unansweredBy('osaka', 0)]).toEqual([asking]);
    set.add({ ...asking, except: 's2' });
    expect([...set.unansweredBy('osaka', 0)].map(({ except }) => except)).toEqual([undefined]);
  });
});
