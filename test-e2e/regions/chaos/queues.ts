import { setTimeout as delay } from 'node:timers/promises';
import { sumOf } from '../../monitoring/samples.ts';
import { REGION_NAMES, type RegionName, type RegionsInfo } from '../regions-info.ts';
import type { Ledger } from './ledger.ts';

const EVERY_MS = 2_000;
const ANSWER_MS = 5_000;

export interface Watched {
  readonly info: RegionsInfo;
  readonly ledger: Pick<Ledger, 'waiting'>;
  readonly signal: AbortSignal;
}

/** Notes how many sessions wait to be told, in either region, until the signal. */
export async function watchQueues({ info, ledger, signal }: Watched): Promise<void> {
  while (!signal.aborted) {
    const counts = await Promise.all(REGION_NAMES.map((name) => waitingIn(info, name)));
    for (const count of counts) ledger.waiting(count);
    await delay(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** An auth service that is away tells nothing; it tells of what waited meanwhile when it is back. */
async function waitingIn({ regions }: RegionsInfo, region: RegionName): Promise<number> {
  const url = `${regions[region].auth.adminUrl}/metrics`;
  const text = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) }).then(
    (response) => response.text(),
    () => '',
  );
  return sumOf(text, 'session_sync_waiting');
}
