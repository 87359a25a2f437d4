import { describe, expect, test } from 'vitest';
import { refusedWith } from '../testing/edge-answers.ts';
import { edgeWorld } from '../testing/edge-world.ts';
import { policy } from '../testing/objects.ts';

describe('when something is away', () => {
  const lenient = policy('bucket', { revocation: { whenUnavailable: 'Allow' } });

  test('revocations that are too old: the policy decides, and what is known to be revoked stays so', async () => {
    const world = await edgeWorld();
    const token = await world.logIn('alice');
    world.knowsRevocations = false;
    expect(await world.ask({ token })).toMatchObject(refusedWith('unavailable', 503));
    expect(await world.ask({ path: '/healthz' })).toMatchObject({ allowed: true });
    world.apply([lenient]);
    expect(await world.ask({ token })).toMatchObject({ allowed: true });
    world.revoked.add('session-alice');
    expect(await world.ask({ token })).toMatchObject(refusedWith('token_revoked', 401));
  });

  test('the session store: who is known goes on for as long as revocations may be old, others as the policy says', async () => {
    const world = await edgeWorld();
    const [known, stranger] = [await world.logIn('alice'), await world.logIn('bob')];
    expect(await world.ask({ token: known })).toMatchObject({ allowed: true });
    world.storeIsAway = true;
    world.now = new Date(world.now.getTime() + 59_000);
    expect(await world.ask({ token: known })).toMatchObject({ allowed: true });
    expect(await world.ask({ token: stranger })).toMatchObject(refusedWith('unavailable', 503));
    world.now = new Date(world.now.getTime() + 2_000);
    expect(await world.ask({ token: known })).toMatchObject(refusedWith('unavailable', 503));
    world.apply([lenient]);
    expect(await world.ask({ token: stranger })).toMatchObject({ allowed: true });
  });
});

describe('sessions', () => {
  test('are read once in a while, and touched at most once a minute', async () => {
    const world = await edgeWorld();
    const token = await world.logIn('alice');
    await Promise.all([world.ask({ token }), world.ask({ token })]);
    await world.ask({ token });
    expect([world.reads, world.touched.length]).toEqual([1, 0]);
    world.now = new Date(world.now.getTime() + 60_000);
    await world.ask({ token });
    await world.ask({ token });
    expect([world.reads, world.touched]).toEqual([2, ['session-alice']]);
  });

  test('that the store forgot are over', async () => {
    const world = await edgeWorld();
    const token = await world.logIn('alice');
    await world.ask({ token });
    world.sessions.clear();
    world.now = new Date(world.now.getTime() + 30_000);
    expect(await world.ask({ token })).toMatchObject(refusedWith('session_expired', 401));
  });

  test('of another user are none', async () => {
    const world = await edgeWorld();
    await world.ask({ token: await world.logIn('alice') });
    const token = await world.token({ subject: 'mallory', session: { id: 'session-alice' } });
    expect(await world.ask({ token })).toMatchObject(refusedWith('session_expired', 401));
  });

  test.each([
    ['log', { allowed: true }, []],
    ['step-up', { allowed: false, code: 'session_expired' }, []],
    ['revoke', { allowed: false, code: 'session_expired' }, ['session-alice']],
  ] as const)('used from another browser: %s', async (devices, expected, ended) => {
    const world = await edgeWorld({ devices });
    const token = await world.logIn('alice');
    const from = (agent: string) => world.ask({ token, header: (name) => (name === 'user-agent' ? agent : undefined) });
    expect(await from('Browser/1')).toMatchObject({ allowed: true });
    expect(await from('Other/1')).toMatchObject(expected);
    expect(world.events).toMatchObject([{ kind: 'device_changed', changed: ['userAgent'], policy: devices }]);
    expect(world.ended).toEqual(ended);
  });
});

describe('a token that is revoked while its session is read', () => {
  test('is refused', async () => {
    const world = await edgeWorld();
    const token = await world.logIn('alice');
    world.onRead = () => void world.revoked.add('alice');
    expect(await world.ask({ token })).toMatchObject(refusedWith('token_revoked', 401));
  });
});
