import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toEntry, toHead } from './member.ts';
import { DATED_KINDS, type RevocationEntry } from './revocation.ts';

const UNTIL = 1_800_000_000_000;
const region = fc.constantFrom('tokyo', 'eu-west-1', 'a');
const moment = fc.integer({ min: 0, max: 999_999_999_999 });
const id = fc
  .oneof(fc.constantFrom('1:2', '*', '@tokyo:x', '!s:x', '~5@a:b', 'now'), fc.string({ minLength: 1 }))
  .filter((text) => !/[\n\r]/u.test(text));
const dated = fc
  .record(
    {
      kind: fc.constantFrom(...DATED_KINDS),
      ...{ id, issuedBefore: moment, region },
      answers: fc.record({ region, issuedBefore: moment }),
      except: fc.constantFrom('s-1', 'S_2'),
    },
    { requiredKeys: ['kind', 'id', 'issuedBefore'] },
  )
  .map((entry): RevocationEntry => ({ ...entry, until: UNTIL }));

const isSound = ({ kind, region: of, answers, except }: RevocationEntry) =>
  (of !== undefined || (kind !== 'logout' && answers === undefined && except === undefined)) &&
  (except === undefined || (kind === 'logout' && answers === undefined)) &&
  answers?.region !== (of ?? '');

const read = (entry: RevocationEntry) =>
  toEntry(entry.kind, `${toHead(String(entry.issuedBefore), entry)}:${entry.id}`, String(UNTIL));

describe('a member of a set', () => {
  test('is read as what it was written as', () => {
    fc.assert(
      fc.property(dated.filter(isSound), (entry) => {
        expect(read(entry)).toEqual(entry);
      }),
    );
  });

  test.each([
    ['user', '5@tokyo!s1:alice'],
    ['user', '5@tokyo~4@tokyo:alice'],
    ['user', '5@Tokyo:alice'],
    ['user', '5@-:alice'],
    ['user', '5~4@tokyo:alice'],
    ['user', '5@tokyo'],
    ['logout', '5:alice'],
    ['logout', '5@tokyo~4@osaka!s1:alice'],
    ['unknown', 'x'],
    ['session', ''],
  ])('of another version is passed over (%s %s)', (kind, member) => {
    expect(toEntry(kind, member, String(UNTIL))).toBeUndefined();
  });
});
