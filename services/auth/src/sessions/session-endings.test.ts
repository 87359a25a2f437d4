import { SessionError } from '@sekisho/sessions';
import { describe, expect, test } from 'vitest';
import { ALICE_ID, createFixture } from '../testing/fixture.ts';
import { memoryRevocations } from '../testing/memory-revocations.ts';
import { createSessionEndings } from './session-endings.ts';

const BOB_ID = '00000000-0000-4000-8000-000000000003';

function setUp() {
  const { sessions, metrics, registry, clock } = createFixture();
  const revoker = memoryRevocations(clock);
  const endings = createSessionEndings({ sessions, revoker, revocations: revoker, metrics });
  const create = async (userId = ALICE_ID, clientId?: string) =>
    (await sessions.create({ userId, device: {}, ...(clientId !== undefined && { clientId }) })).id;
  const revokedSessions = () => revoker.revoked.flatMap((entry) => (entry.kind === 'session' ? [entry.id] : []));
  const counted = async (label: string) =>
    Number(/\} (\d+)$/.exec((await registry.render()).split('\n').find((line) => line.includes(label)) ?? '')?.[1]);
  const ended = (reason: string) => counted(`{reason="${reason}"`);
  const noted = () => revoker.noted.map(({ id }) => id);
  return { sessions, revoker, endings, create, revokedSessions, ended, counted, noted };
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

  test('of all asks the other regions first to end those that nobody here knows, but for the kept one', async () => {
    const { endings, revoker, create } = setUp();
    const [kept] = [await create(), await create()];
    await endings.all(ALICE_ID, 'logout', { except: kept });
    expect(revoker.revoked[0]).toMatchObject({ kind: 'logout', id: ALICE_ID, except: kept });
    await endings.all(ALICE_ID, 'logout');
    expect(revoker.revoked.at(-2)).toMatchObject({ kind: 'logout', id: ALICE_ID, except: undefined });
  });

  test('can be of those that began in a region, but for one', async () => {
    const { endings, sessions, create, revokedSessions, ended } = setUp();
    const [here, kept, there] = [await create(), await create(), await create()];
    const list = sessions.list.bind(sessions);
    const regionOf = (id: string) => (id === there ? 'osaka' : 'tokyo');
    sessions.listToEnd = async (userId) => ({
      sessions: (await list(userId)).map((one) => ({ ...one, region: regionOf(one.id) })),
    });
    expect(await endings.begunIn('tokyo', ALICE_ID, { except: kept })).toBe(1);
    expect(revokedSessions()).toEqual([here]);
    expect([...sessions.live.keys()]).toEqual([kept, there]);
    expect(await ended('revoked')).toBe(1);
  });

  test('revokes one too that began between the look and the end', async () => {
    const { endings, sessions, create, revokedSessions } = setUp();
    const first = await create();
    const list = sessions.list.bind(sessions);
    const late: string[] = [];
    sessions.listToEnd = async (userId) => {
      const listed = { sessions: await list(userId) };
      if (late.length === 0) late.push(await create());
      return listed;
    };
    expect(await endings.all(ALICE_ID, 'logout')).toBe(2);
    expect(revokedSessions()).toEqual([first, ...late]);
  });

  test('comes to an end, also when one always begins meanwhile', async () => {
    const { endings, sessions, create } = setUp();
    const before = [await create(), await create()];
    const list = sessions.list.bind(sessions);
    sessions.listToEnd = async (userId) => {
      const listed = { sessions: await list(userId) };
      await create();
      return listed;
    };
    await endings.all(ALICE_ID, 'logout');
    for (const id of before) expect(sessions.live.has(id)).toBe(false);
  });

  describe('while a store is away that alone may know more', () => {
    function setUpWithout() {
      const fixture = setUp();
      const { sessions } = fixture;
      const list = sessions.list.bind(sessions);
      const knowing = sessions.listToEnd.bind(sessions);
      sessions.listToEnd = async (userId) => ({
        sessions: (await list(userId)).map((session) => ({ ...session, region: 'tokyo' })),
        away,
      });
      const comeBack = () => {
        sessions.listToEnd = knowing;
      };
      return { ...fixture, comeBack };
    }

    test.each(['all', 'lockOut'] as const)('%s ends those that are known, and is not done', async (how) => {
      const { endings, sessions, create, comeBack } = setUpWithout();
      await create();
      await expect(endings[how](ALICE_ID, 'logout')).rejects.toBe(away);
      expect(sessions.live.size).toBe(0);
      await expect(endings[how](ALICE_ID, 'logout')).rejects.toBe(away);
      comeBack();
      await create();
      expect(await endings[how](ALICE_ID, 'logout')).toBe(1);
    });

    test('who asks for no more than those is done with them', async () => {
      const { endings, sessions, create } = setUpWithout();
      await create();
      expect(await endings.lockOut(ALICE_ID, 'account_changed', { onlyKnown: true })).toBe(1);
      expect(sessions.live.size).toBe(0);
    });

    test('what another region asks for, again and again, ends none before all are known', async () => {
      const { endings, sessions, create, comeBack } = setUpWithout();
      await create();
      await expect(endings.begunIn('tokyo', ALICE_ID)).rejects.toBe(away);
      await expect(endings.assertAllKnown(ALICE_ID)).rejects.toBe(away);
      expect(sessions.live.size).toBe(1);
      comeBack();
      await endings.assertAllKnown(ALICE_ID);
    });
  });

  test('of a user who is locked out revokes the user as well, first', async () => {
    const { endings, revoker, sessions, create } = setUp();
    await create();
    expect(await endings.lockOut(ALICE_ID, 'account_changed')).toBe(1);
    expect(revoker.revoked.map(({ kind }) => kind)).toEqual(['user', 'logout', 'session']);
    expect(sessions.live.size).toBe(0);
  });

  test('that has to go for a new one revokes, destroys and counts it, once', async () => {
    const { endings, sessions, create, revokedSessions, ended } = setUp();
    const ids = [await create(), await create()];
    const evicted = ids.map((id) => ({ id, userId: ALICE_ID }));
    await Promise.all([endings.evicted(ALICE_ID, evicted), endings.evicted(ALICE_ID, evicted)]);
    expect(new Set(revokedSessions())).toEqual(new Set(ids));
    expect(sessions.live.size).toBe(0);
    expect(await ended('evicted')).toBe(2);
  });

  test('leaves a notice for the application whose it is, whoever ends it', async () => {
    const { endings, create, noted } = setUp();
    const own = await create();
    const [logout, evicted, all, reset, proven] = [
      await create(ALICE_ID, 'shop'),
      await create(ALICE_ID, 'shop'),
      await create(BOB_ID, 'shop'),
      await create(BOB_ID, 'desk'),
      await create(ALICE_ID, 'desk'),
    ];
    await endings.one(ALICE_ID, own, 'logout');
    expect(noted()).toEqual([]);
    await endings.one(ALICE_ID, logout, 'logout');
    await endings.evicted(ALICE_ID, [{ id: evicted, userId: ALICE_ID, clientId: 'shop' }]);
    await endings.all(BOB_ID, 'logout', { except: reset });
    await endings.lockOut(BOB_ID, 'account_changed');
    await endings.proven({ id: proven, userId: ALICE_ID }, 'logout');
    expect(noted()).toEqual([logout, evicted, all, reset, proven]);
  });

  test('tells when there is no room for a notice, and ends it all the same', async () => {
    const { endings, revoker, sessions, create, counted } = setUp();
    revoker.room = 1;
    await create(ALICE_ID, 'shop');
    await create(ALICE_ID, 'shop');
    expect(await endings.all(ALICE_ID, 'logout')).toBe(2);
    expect(sessions.live.size).toBe(0);
    expect(await counted('backchannel_logouts_total{result="no_room"')).toBe(1);
  });
});

describe('a session that is proven to have been', () => {
  const lost = { id: 'lost', userId: ALICE_ID, clientId: 'shop' };

  test('is refused and told of when nobody knows it any more: it may come back', async () => {
    const { endings, revokedSessions, noted } = setUp();
    await endings.proven(lost, 'logout');
    expect(revokedSessions()).toEqual(['lost']);
    expect(noted()).toEqual(['lost']);
  });

  test('is refused when nobody can be asked who knows it', async () => {
    const { endings, sessions, revokedSessions } = setUp();
    sessions.get = () => Promise.reject(away);
    await endings.proven(lost, 'logout');
    expect(revokedSessions()).toEqual(['lost']);
  });

  test('is destroyed as well when it could not be asked for: until all are told that it is refused, it would bring tokens', async () => {
    const { endings, sessions, create, ended } = setUp();
    const id = await create(ALICE_ID, 'shop');
    sessions.get = () => Promise.reject(away);
    await endings.proven({ id, userId: ALICE_ID, clientId: 'shop' }, 'logout');
    expect(sessions.live.size).toBe(0);
    expect(await ended('logout')).toBe(1);
  });

  test('is destroyed also when it was refused before and cannot be asked for: it may have been refused alone', async () => {
    const { endings, sessions, revoker, create } = setUp();
    const id = await create(ALICE_ID, 'shop');
    await revoker.end([{ id, userId: ALICE_ID, clientId: 'shop' }]);
    sessions.get = () => Promise.reject(away);
    await endings.proven({ id, userId: ALICE_ID, clientId: 'shop' }, 'logout');
    expect(sessions.live.size).toBe(0);
  });

  test('is left alone when it ended as it should', async () => {
    const { endings, revokedSessions, noted, create } = setUp();
    const id = await create(ALICE_ID, 'shop');
    for (let time = 0; time < 3; time += 1) await endings.proven({ id, userId: ALICE_ID, clientId: 'shop' }, 'logout');
    expect(revokedSessions()).toEqual([id]);
    expect(noted()).toEqual([id]);
  });

  test('is refused also when its user was locked out: only its own end is known to everybody', async () => {
    const { endings, revokedSessions } = setUp();
    await endings.lockOut(ALICE_ID, 'account_changed');
    await endings.proven(lost, 'logout');
    expect(revokedSessions()).toEqual(['lost']);
  });
});
