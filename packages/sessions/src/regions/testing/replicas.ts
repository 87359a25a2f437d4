import fc from 'fast-check';
import type { FamilyReplica, Replica } from '../replica.ts';

/** Few values, so that equal ones meet often. */
const time = fc.integer({ min: 0, max: 6 }).map((step) => 1_700_000_000_000 + step * 1_000);
const secret = fc.constantFrom('A', 'a', 'aa', 'b', '-', '_');

/** A family's context follows from the family, as facts do from the session. */
const family: fc.Arbitrary<FamilyReplica> = fc
  .record(
    {
      epoch: fc.integer({ min: 0, max: 3 }),
      secret,
      generation: fc.integer({ min: 0, max: 4 }),
      rotatedAt: time,
      replayedAt: time,
    },
    { requiredKeys: ['epoch', 'secret', 'generation'] },
  )
  .map((some) => ({ ...some, context: `context of ${some.epoch} ${some.secret}` }));

/** What stores may know of one and the same session. */
export function replicasOf(facts: Readonly<Record<string, string>>): fc.Arbitrary<Replica> {
  const live = fc
    .record(
      { createdAt: time, lastAccessedAt: time, ttl: fc.constantFrom(500_000, 900_000), family },
      {
        requiredKeys: ['createdAt', 'lastAccessedAt', 'ttl'],
      },
    )
    .map(({ ttl, ...some }) => ({ ...some, facts, expiresAt: some.lastAccessedAt + ttl }));
  return fc.oneof({ weight: 5, arbitrary: live }, { weight: 1, arbitrary: fc.record({ endedAt: time }) });
}
