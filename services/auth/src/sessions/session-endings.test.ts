import { SessionError } from '@sekisho/sessions';
import { describe, expect, test } from 'vitest';
import { ALICE_ID, createFixture } from '../testing/fixture.ts';
import { memoryRevocations } from '../testing/memory-revocations.ts';
import { createSessionEndings } from './session-endings.ts';

const BOB_ID = '00000000-0000-4000-8000-000000000003';

function setUp() {
  const { sessions, metrics, registry, clock } = createFixture();
  const revoker = memoryRevocations(clock);
  const endings = createSessionEndings({ sessions, revoker, metrics });
  const create = async (userId = ALICE_ID) => (await sessions.create({ userId, device: {} })).id;
  const revokedSessions = () => revoker.revoked.flatMap((entry) => (entry.kind === 'session' ? [entry.id] : []));
  const ended = async (reason: string) =>
    Number(
      /\} (\d+)$/.exec(
        (await registry.render()).split('\n').find((line) => line.includes(`{reason="${reason}"`)) ?? '',
      )?.[1],
    );
  return { sessions, revoker, endings, create, revokedSessions, ended };
}

const away = new SessionError('redis_unavailable', 'away');

describe('ending a session', () => {
  test('revokes it, destroys it and counts it', async () => {
    const { endings, sessions, create, revokedSessions, ended } = setUp();
    const [id, other] = [await create(), await create()];
    expect(await endings.one(ALICE_ID, id, 'logout')).toBe(true);
    expect(revokedSessions()).toEqual([id]);
    expect([...sessions.live.keys()]).toEqual([other]);
    expect(await ended('logout')).toBe(1);
  });

  test("neither revokes nor destroys somebody else's, or one that is over", async () => {
    const { endings, sessions, create, revokedSessions } = setUp();
    const id = await create(BOB_ID);
    expect(await endings.one(ALICE_ID, id, 'logout')).toBe(false);
    expect(await endings.one(ALICE_ID, 'unknown', 'logout')).toBe(false);
    expect(revokedSessions()).toEqual([]);
    expect(sessions.live.has(id)).toBe(true);
  });

  test('leaves it to be found again when it could not be revoked', async () => {
    const { endings, revoker, sessions, create, revokedSessions } = setUp();
    const ids = [await create(), await create()];
    revoker.failNext(away);
    await expect(endings.one(ALICE_ID, ids[0] ?? '', 'logout')).rejects.toBe(away);
    revoker.failNext(away);
    await expect(endings.all(ALICE_ID, 'logout')).rejects.toBe(away);
    expect(sessions.live.size).toBe(2);
    expect(await endings.all(ALICE_ID, 'logout')).toBe(2);
    expect(revokedSessions().toSorted()).toEqual(ids.toSorted());
    expect(sessions.live.size).toBe(0);
  });

  test('can spare one of all', async () => {
    const { endings, sessions, create, revokedSessions, ended } = setUp();
    const [kept, ...others] = [await create(), await create(), await create()];
    const bobs = await create(BOB_ID);
    expect(await endings.all(ALICE_ID, 'logout', kept === undefined ? {} : { except: kept })).toBe(2);
    expect(revokedSessions().toSorted()).toEqual(others.toSorted());
    expect([...sessions.live.keys()]).toEqual([kept, bobs]);
    expect(await ended('logout')).toBe(2);
  });

  test('revokes one too that began between the look and the end', async () => {
    const { endings, sessions, create, revokedSessions } = setUp();
    const first = await create();
    const list = sessions.list.bind(sessions);
    let late = '';
    sessions.list = async (userId) => {
      const listed = await list(userId);
      late = await create();
      return listed;
    };
    expect(await endings.all(ALICE_ID, 'logout')).toBe(2);
    expect(revokedSessions()).toEqual([first, late]);
  });

  test('of a user who is locked out revokes the user as well, first', async () => {
    const { endings, revoker, sessions, create } = setUp();
    await create();
    expect(await endings.lockOut(ALICE_ID, 'account_changed')).toBe(1);
    expect(revoker.revoked.map(({ kind }) => kind)).toEqual(['user', 'session']);
    expect(sessions.live.size).toBe(0);
  });

  test('by the store is revoked and counted', async () => {
    const { endings, revokedSessions, ended } = setUp();
    await endings.evicted(ALICE_ID, ['s1', 's2']);
    expect(revokedSessions()).toEqual(['s1', 's2']);
    expect(await ended('evicted')).toBe(2);
  });
});
