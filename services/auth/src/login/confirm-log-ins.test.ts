import { SessionError } from '@sekisho/sessions';
import { createLogger } from '@sekisho/telemetry';
import { describe, expect, test } from 'vitest';
import { type MemoryUnconfirmed, memoryUnconfirmed } from '../testing/memory-unconfirmed.ts';
import { createConfirmLogIns } from './confirm-log-ins.ts';

const log = createLogger({ name: 'test', level: 'silent' });

interface World {
  /** Active ones, at the primary. */
  readonly versions: Readonly<Record<string, number>>;
  readonly lockOut?: (userId: string) => Promise<void>;
}

function setUp({ versions, lockOut = async () => undefined }: World, ...stores: readonly MemoryUnconfirmed[]) {
  const lockedOut: string[] = [];
  const confirm = createConfirmLogIns({
    stores,
    activeVersions: async (ids) =>
      new Map(ids.flatMap((id) => (versions[id] === undefined ? [] : [[id, versions[id]]]))),
    endings: {
      async lockOut(userId) {
        await lockOut(userId);
        lockedOut.push(userId);
        return 1;
      },
    },
    log,
  });
  return { confirm, lockedOut };
}

describe('once the primary answers', () => {
  test('whose account is as it was at the log-in goes on; who was changed, deactivated or deleted is locked out', async () => {
    const store = memoryUnconfirmed(
      { userId: 'same', version: 3 },
      { userId: 'changed', version: 3 },
      { userId: 'gone', version: 1 },
    );
    const { confirm, lockedOut } = setUp({ versions: { same: 3, changed: 4 } }, store);
    await confirm();
    expect(lockedOut).toEqual(['changed', 'gone']);
    expect(store.waiting()).toEqual([]);
    await confirm();
    expect(lockedOut).toHaveLength(2);
  });

  test('of two log-ins by two versions the later one does not excuse the other', async () => {
    const store = memoryUnconfirmed({ userId: 'alice', version: 2 }, { userId: 'alice', version: 3 });
    const { confirm, lockedOut } = setUp({ versions: { alice: 3 } }, store);
    await confirm();
    expect(lockedOut).toEqual(['alice']);
  });

  test('who cannot be locked out now waits behind the others', async () => {
    let isAway = true;
    const store = memoryUnconfirmed({ userId: 'first', version: 1 }, { userId: 'second', version: 1 });
    const lockOut = async (userId: string) => {
      if (isAway && userId === 'first') throw new SessionError('session_invalid', 'damaged');
    };
    const { confirm, lockedOut } = setUp({ versions: {}, lockOut }, store);
    await confirm();
    expect([lockedOut, store.waiting()]).toEqual([['second'], ['first:1']]);
    isAway = false;
    await confirm();
    expect(store.waiting()).toEqual([]);
  });

  test('who logs in again meanwhile is asked for again', async () => {
    const store = memoryUnconfirmed({ userId: 'alice', version: 1 });
    const { confirm } = setUp({ versions: {}, lockOut: () => store.note({ userId: 'alice', version: 1 }) }, store);
    await confirm();
    expect(store.waiting()).toEqual(['alice:1']);
  });

  test('a store that is away is passed over, a defect is not taken for an outage', async () => {
    const [away, other] = [memoryUnconfirmed(), memoryUnconfirmed({ userId: 'alice', version: 1 })];
    away.failure = new SessionError('redis_unavailable', 'away');
    const { confirm } = setUp({ versions: { alice: 1 } }, away, other);
    await confirm();
    expect(other.waiting()).toEqual([]);
    away.failure = new TypeError('a defect');
    await expect(confirm()).rejects.toThrow('a defect');
  });
});
