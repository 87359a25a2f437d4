import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toMap } from '../session.ts';
import { mergeReplicas } from './merge.ts';
import { hasEnded, moveReplica, type Replica, readReplica, writeReplica } from './replica.ts';
import { replicasOf } from './testing/replicas.ts';

const replica = replicasOf({ id: 's1', userId: 'u1', region: 'tokyo' });
const merged = (replicas: readonly Replica[]) => replicas.reduce(mergeReplicas);

describe('what stores know of a session, merged', () => {
  test('does not depend on who is asked first', () => {
    fc.assert(
      fc.property(replica, replica, (a, b) => {
        expect(mergeReplicas(a, b)).toEqual(mergeReplicas(b, a));
      }),
    );
  });

  test('does not depend on which are merged first', () => {
    fc.assert(
      fc.property(replica, replica, replica, (a, b, c) => {
        expect(mergeReplicas(mergeReplicas(a, b), c)).toEqual(mergeReplicas(a, mergeReplicas(b, c)));
      }),
    );
  });

  test('is the same however often and in whatever order it comes', () => {
    const some = fc.array(replica, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        some.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length })),
        ),
        ([all, again]) => {
          expect(merged([...all, ...again])).toEqual(merged(all));
        },
      ),
    );
  });

  test('is the same by whichever clock, so clocks that differ by minutes do no harm', () => {
    const skew = fc.integer({ min: -10 * 60_000, max: 10 * 60_000 });
    fc.assert(
      fc.property(replica, replica, skew, (a, b, ahead) => {
        const other = moveReplica(b, 0, ahead);
        expect(mergeReplicas(a, moveReplica(other, ahead, 0))).toEqual(mergeReplicas(a, b));
        expect(moveReplica(mergeReplicas(moveReplica(a, 0, ahead), other), ahead, 0)).toEqual(mergeReplicas(a, b));
      }),
    );
  });

  test('is ended as soon as one of them knows so, whatever the others say', () => {
    fc.assert(
      fc.property(fc.array(replica, { minLength: 1 }), (all) => {
        expect(hasEnded(merged(all))).toBe(all.some(hasEnded));
      }),
    );
  });

  test('never takes back an access, a rotation or a replay', () => {
    fc.assert(
      fc.property(replica, replica, (a, b) => {
        const both = mergeReplicas(a, b);
        for (const one of [a, b]) {
          if (hasEnded(both) || hasEnded(one)) continue;
          expect(both.lastAccessedAt).toBeGreaterThanOrEqual(one.lastAccessedAt);
          expect(both.expiresAt).toBeGreaterThanOrEqual(one.expiresAt);
          expect(both.createdAt).toBeLessThanOrEqual(one.createdAt);
          if (one.family === undefined || both.family?.secret !== one.family.secret) continue;
          if (both.family.epoch !== one.family.epoch) continue;
          expect(both.family.generation).toBeGreaterThanOrEqual(one.family.generation);
          if (one.family.replayedAt !== undefined) expect(both.family.replayedAt).toBeDefined();
        }
      }),
    );
  });

  test('has the later one of two families, and nothing of the other', () => {
    const of = (epoch: number, secret: string) => ({ epoch, secret, context: secret, generation: epoch });
    const begun = { facts: {}, createdAt: 1, lastAccessedAt: 2, expiresAt: 3 };
    const earlier = { ...begun, family: { ...of(1, 'z'), generation: 9, rotatedAt: 2, replayedAt: 2 } };
    const later = { ...begun, family: of(2, 'a') };
    expect(mergeReplicas(earlier, later)).toEqual(later);
    expect(mergeReplicas({ ...begun, family: of(1, 'a') }, { ...begun, family: of(1, 'b') })).toEqual({
      ...begun,
      family: of(1, 'b'),
    });
  });
});

describe('a replica', () => {
  test('reads back as it was written', () => {
    fc.assert(
      fc.property(replica, (some) => {
        expect(readReplica(toMap(writeReplica(some)))).toEqual(some);
      }),
    );
  });

  test('is none without a session, and refused when it is damaged', () => {
    expect(readReplica(new Map())).toBeUndefined();
    expect(readReplica(new Map([['queued', '1']]))).toBeUndefined();
    const damaged = [new Map([['endedAt', 'now']]), new Map([['expiresAt', '1']])];
    for (const fields of damaged) {
      expect(() => readReplica(fields)).toThrow(expect.objectContaining({ code: 'session_invalid' }));
    }
  });
});
