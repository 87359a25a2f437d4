import type { KeyStore, KeysRead } from './key-store.ts';

/**
 * What was read once is not unlearned by a replica of the database that lags: a key that was taken out of use since, as one that
 * somebody stole, would be published and sign again. Where what a replica shows was written earlier, what was read before stands.
 */
export function latestRead(read: KeyStore['read']): KeyStore['read'] {
  let latest: KeysRead | undefined;
  return async () => {
    const found = await read();
    if (latest === undefined || found.behindMs === undefined || writtenAt(found) > writtenAt(latest)) latest = found;
    return latest === found ? found : { ...latest, now: found.now, behindMs: found.behindMs };
  };
}

/** By the primary's clock, which a replica tells the time of its last transaction by. */
function writtenAt({ now, behindMs = 0 }: KeysRead): number {
  return now - behindMs;
}
