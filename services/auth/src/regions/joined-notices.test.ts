import { SessionError } from '@sekisho/sessions';
import { describe, expect, test } from 'vitest';
import { memoryNotices } from '../testing/memory-notices.ts';
import { joinNotices } from './joined-notices.ts';

function setUp() {
  const [local, global] = [memoryNotices(() => 1_000), memoryNotices(() => 1_000)];
  return { local, global, joined: joinNotices(local, global) };
}

const idsOf = ({ notices }: Awaited<ReturnType<ReturnType<typeof setUp>['joined']['take']>>) =>
  notices.map(({ sessionId }) => sessionId);

describe('notices of a region and of the global store', () => {
  test('are taken together, those of the region first', async () => {
    const { local, global, joined } = setUp();
    for (const sessionId of ['a', 'b']) local.add({ sessionId, clientId: 'shop' });
    for (const sessionId of ['c', 'd']) global.add({ sessionId, clientId: 'shop' });
    const taken = await joined.take(3);
    expect(idsOf(taken)).toEqual(['a', 'b', 'c']);
    expect(taken.waiting).toBe(4);
  });

  test('go back to where they came from', async () => {
    const { local, global, joined } = setUp();
    local.add({ sessionId: 'a', clientId: 'shop' });
    global.add({ sessionId: 'b', clientId: 'shop' });
    global.add({ sessionId: 'c', clientId: 'shop' });
    const [a, b, c] = (await joined.take(3)).notices;
    if (a === undefined || b === undefined || c === undefined) throw new Error('they were not taken');
    await joined.forget(a);
    await joined.forget(b);
    await joined.postpone({ ...c, attempts: 1 }, 10);
    expect(local.waiting.size).toBe(0);
    expect([...global.waiting.values()]).toEqual([{ notice: { ...c, attempts: 1 }, due: 1_010 }]);
  });

  test('of the region are told while the global store is away', async () => {
    const { local, global, joined } = setUp();
    local.add({ sessionId: 'a', clientId: 'shop' });
    global.failure = new SessionError('redis_unavailable', 'away');
    expect(idsOf(await joined.take(3))).toEqual(['a']);
  });

  test('a defect is not taken for an outage', async () => {
    const { global, joined } = setUp();
    global.failure = new TypeError('a defect');
    await expect(joined.take(3)).rejects.toThrow('a defect');
  });
});
