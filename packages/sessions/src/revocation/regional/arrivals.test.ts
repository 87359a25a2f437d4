import { expect, test } from 'vitest';
import { MAX_OWED } from '../arrears.ts';
import type { RevocationEntry } from '../revocation.ts';
import { RevocationSet } from '../revocation-set.ts';
import { Arrivals } from './arrivals.ts';

const UNTIL = 1_800_000_000_000;
const session = (id: string): RevocationEntry => ({ kind: 'session', id, until: UNTIL });
const asked: RevocationEntry = { kind: 'user', id: 'alice', region: 'osaka', issuedBefore: 1, until: UNTIL };

test('news of which not all are told may hold what is to be answered', async () => {
  const set = new RevocationSet(['tokyo', 'osaka']);
  const answered: RevocationEntry[] = [];
  const arrivals = new Arrivals({
    ...{ set, region: 'tokyo', clock: () => new Date(0) },
    bridge: { onArrival: async () => undefined, answer: async (entry) => void answered.push(entry) },
    onFailure: () => undefined,
  });
  await arrivals.work();
  set.add(asked);
  arrivals.hear([session('s1')]);
  await arrivals.work();
  expect(answered).toEqual([]);
  arrivals.hear(Array.from({ length: MAX_OWED + 1 }, (_, index) => session(String(index))));
  await arrivals.work();
  expect(answered).toEqual([asked]);
});
