import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createRevoker } from '@sekisho/sessions';
import { type BareStores, waitFor } from '@sekisho/test-e2e/mesh';
import { openRedis } from '../redis.ts';
import type { Figure } from '../report.ts';
import type { ReaderState } from './revocation-reader.ts';

const REVOCATIONS = 100_000;
/** As many as one call takes. */
const AT_ONCE = 500;
const PREFIX = 'bench-revocations';

/** What revocations of sessions take in the memory of each process that follows them. */
export async function revocationFigures({ redisUrl, mark }: BareStores): Promise<readonly Figure[]> {
  const redis = await openRedis(redisUrl);
  const revoker = createRevoker({ redis, prefix: PREFIX, clock: () => new Date(), tokenLifetime: 900 });
  const child = fork(join(import.meta.dirname, 'revocation-reader.ts'), [redisUrl, PREFIX], {
    execArgv: ['--expose-gc'],
    env: { ...mark },
  });
  try {
    await once(child, 'message');
    const before = await stateOf(child);
    for (let made = 0; made < REVOCATIONS; made += AT_ONCE) {
      await revoker.revoke(...Array.from({ length: AT_ONCE }, () => ({ kind: 'session', id: randomUUID() }) as const));
    }
    const hasAll = async () => (await stateOf(child)).size === REVOCATIONS;
    await waitFor('the reader has every revocation', hasAll, { timeout: 120_000, every: 500 });
    const bytes = (await stateOf(child)).heapBytes - before.heapBytes;
    return [
      { name: `${REVOCATIONS} revocations in a reader's heap, each`, value: bytes / REVOCATIONS, unit: 'bytes' },
      { name: `${REVOCATIONS} revocations in a reader's heap, all`, value: bytes / 1024 / 1024, unit: 'MiB' },
    ];
  } finally {
    child.disconnect();
    redis.disconnect();
  }
}

async function stateOf(child: ChildProcess): Promise<ReaderState> {
  const answer = once(child, 'message');
  child.send('state');
  return (await answer)[0];
}
