import { settle } from '@sekisho/kube/testing';
import { generateSigningKey, regionOfKid } from '@sekisho/tokens';
import { describe, expect, test } from 'vitest';
import { accessKey, keySourceFixture, kidsOf } from '../testing/key-source-fixture.ts';

const SECOND = 1_000;
const DAY = 86_400 * SECOND;
const PATIENCE = { timeout: 30_000, interval: 1 };

describe('a source of keys', () => {
  test('makes the keys that are wanted, and signs with the first', async () => {
    const { auth, source } = keySourceFixture();
    const one = source();
    expect(one.signingKey()).toBeUndefined();
    expect(one.ready).toBe(false);
    await one.refresh();
    expect(auth.keys.map(({ state }) => state)).toEqual(['active', 'next']);
    expect(one.signingKey()?.kid).toBe(auth.keys[0]?.kid);
    expect(one.ready).toBe(true);
    expect(kidsOf(one.narrowJwks)).toEqual(kidsOf(auth));
    expect(kidsOf(one.accessJwks)).toEqual([accessKey.kid]);
    expect(kidsOf(one.jwks)).toEqual([accessKey.kid, ...kidsOf(auth)]);
  });

  test('proves who it is by the token of that moment', async () => {
    const { auth, source } = keySourceFixture();
    const tokens = ['old', auth.token];
    const one = source({ readToken: async () => tokens.shift() ?? auth.token });
    await one.refresh();
    expect(one.ready).toBe(false);
    await one.refresh();
    expect(one.ready).toBe(true);
    expect(auth.requests.map(({ authorization }) => authorization).slice(0, 2)).toEqual([
      'Bearer old',
      `Bearer ${auth.token}`,
    ]);
    expect(new Set(auth.requests.map(({ url }) => url))).toEqual(new Set(['http://auth.test/v1/signers/guard/keys']));
  });

  test('makes keys of the region that it is told, and takes what is narrowed in others', async () => {
    const { auth, source } = keySourceFixture();
    auth.region = 'eu';
    const elsewhere = await generateSigningKey('ES256', 'us');
    auth.otherKeys = [elsewhere.publicJwk];
    const one = source();
    await one.refresh();
    expect(regionOfKid(one.signingKey()?.kid ?? '')).toBe('eu');
    expect(kidsOf(one.narrowJwks)).toEqual([...kidsOf(auth), elsewhere.kid]);
    expect(kidsOf(one.accessJwks)).toEqual([accessKey.kid]);
    auth.otherKeys = [];
    await one.refresh();
    expect(kidsOf(one.narrowJwks)).toEqual(kidsOf(auth));
  });

  test('takes no access token that a key of the guard in another region signed', async () => {
    const { auth, source } = keySourceFixture();
    auth.otherKeys = [accessKey.publicJwk];
    const one = source();
    await one.refresh();
    expect(one.ready).toBe(false);
    expect(one.accessJwks.keys).toEqual([]);
  });

  test('agrees with others that begin at the same time', async () => {
    const { auth, source } = keySourceFixture();
    const sources = [source(), source(), source()];
    await Promise.all(sources.map((one) => one.refresh()));
    await Promise.all(sources.map((one) => one.refresh()));
    expect(auth.keys).toHaveLength(2);
    expect(sources.map((one) => one.signingKey()?.kid)).toEqual(sources.map(() => auth.keys[0]?.kid));
  });

  test('goes over to the next key when it is told, and makes the one after it', async () => {
    const { auth, source } = keySourceFixture();
    const one = source();
    await one.refresh();
    const [old, next] = kidsOf(auth);
    auth.promote();
    expect(one.signingKey()?.kid).toBe(old);
    await one.refresh();
    expect(one.signingKey()?.kid).toBe(next);
    expect(auth.keys.map(({ state }) => state)).toEqual(['retiring', 'active', 'next']);
    expect(kidsOf(one.narrowJwks)).toEqual(kidsOf(auth));
  });

  test('stops to sign with a key that was taken out, even if there is none in its place', async () => {
    const { auth, source } = keySourceFixture();
    const one = source();
    await one.refresh();
    for (const kid of kidsOf(auth)) auth.remove(kid);
    auth.trouble = { text: JSON.stringify({ ...auth.answer(), wanted: undefined }) };
    await one.refresh();
    expect(one.signingKey()).toBeUndefined();
    expect(one.ready).toBe(false);
  });

  test('hands out another key set only when there are other keys', async () => {
    const { auth, source } = keySourceFixture();
    const one = source();
    await one.refresh();
    const { jwks, accessJwks, narrowJwks } = one;
    await one.refresh();
    expect(
      [one.jwks, one.accessJwks, one.narrowJwks].map((set, at) => set === [jwks, accessJwks, narrowJwks][at]),
    ).toEqual([true, true, true]);
    auth.remove(auth.keys[1]?.kid ?? '');
    await one.refresh();
    expect(one.accessJwks).toBe(accessJwks);
    expect(one.narrowJwks).not.toBe(narrowJwks);
    expect(one.jwks).not.toBe(jwks);
  });

  test('asks again and again, more often while it fails, and leaves no timer', async () => {
    const { clock, auth, source } = keySourceFixture();
    const one = source();
    auth.trouble = 'away';
    one.start();
    const rests = (ms: unknown) => expect.poll(() => clock.pending, PATIENCE).toEqual([ms]);
    await rests(375);
    for (const ms of [750, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500]) {
      await clock.advance(clock.pending[0] ?? 0);
      await rests(ms);
    }
    expect(auth.requests).toHaveLength(8);
    auth.trouble = { text: JSON.stringify({ keys: [], accessKeys: auth.answer().accessKeys, signForSeconds: 60 }) };
    await clock.advance(clock.pending[0] ?? 0);
    await expect.poll(() => one.accessJwks.keys.length, PATIENCE).toBe(1);
    await rests(22_500);
    await one.stop();
    expect(clock.pending).toEqual([]);
  });

  test('asked many times at once asks once more', async () => {
    const { auth, source } = keySourceFixture();
    const one = source();
    await one.refresh();
    const before = auth.requests.length;
    await Promise.all(Array.from({ length: 100 }, () => one.refresh()));
    expect(auth.requests.length - before).toBeLessThanOrEqual(2);
  });

  test('that is stopped waits for no answer', async () => {
    const { source } = keySourceFixture();
    const fetch: typeof globalThis.fetch = (_, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)));
    const one = source({ fetch });
    one.start();
    await settle();
    await one.stop();
    expect(one.ready).toBe(false);
  });

  test('waits for an answer a bounded time', async () => {
    const { clock, lines, source } = keySourceFixture();
    const fetch: typeof globalThis.fetch = (_, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)));
    const one = source({ fetch, timeoutMs: 2_000 });
    const refreshed = one.refresh();
    await clock.advance(2_000);
    await refreshed;
    expect(lines.join()).toContain('auth_unreachable');
  });
});

describe('while the auth service is away', () => {
  test('everything stays as it was, for as long as the auth service said', async () => {
    const { clock, auth, source } = keySourceFixture();
    const one = source();
    await one.refresh();
    const { jwks } = one;
    const kid = one.signingKey()?.kid;
    auth.trouble = 'away';
    await clock.advance(DAY - SECOND);
    await one.refresh();
    expect(one.signingKey()?.kid).toBe(kid);
    expect(one.ageMs).toBe(DAY - SECOND);
    await clock.advance(SECOND);
    expect(one.signingKey()).toBeUndefined();
    expect(one.ready).toBe(true);
    expect(one.jwks).toBe(jwks);
    auth.trouble = undefined;
    await one.refresh();
    expect(one.signingKey()?.kid).toBe(kid);
  });

  test('a clock that is set back prolongs nothing', async () => {
    const { clock, source } = keySourceFixture();
    const one = source();
    await one.refresh();
    clock.step(-DAY);
    await clock.advance(DAY);
    expect(one.signingKey()).toBeUndefined();
  });

  test.each([
    ['no JSON', { text: 'hunter2' }],
    ['another shape', { text: '{"keys": "hunter2"}' }],
    ['a refusal', { status: 403, text: '{"code":"permission_missing","detail":"hunter2"}' }],
    ['a page', { status: 502, text: '<html>hunter2' }],
    ['more than it reads', { text: `"hunter2${'x'.repeat(200_000)}"` }],
  ])('%s changes nothing, and is told once without what stood in it', async (_, trouble) => {
    const { auth, lines, source } = keySourceFixture();
    const one = source();
    await one.refresh();
    const before = one.signingKey();
    auth.trouble = trouble;
    await one.refresh();
    await one.refresh();
    expect(one.signingKey()).toBe(before);
    expect(lines.filter((line) => line.includes('could not be read'))).toHaveLength(1);
    expect(lines.join()).not.toContain('hunter2');
    expect(lines.join()).not.toContain(auth.token);
    auth.trouble = undefined;
    await one.refresh();
    expect(lines.at(-1)).toContain('known again');
  });

  test('what it says of its looks is counted', async () => {
    const { auth, source } = keySourceFixture();
    const one = source();
    await one.refresh();
    auth.trouble = 'away';
    await one.refresh();
    const text = await one.metrics.render();
    expect(text).toContain('guard_key_looks_total{result="told"} 1');
    expect(text).toContain('guard_key_looks_total{result="auth_unreachable"} 1');
    expect(text).toContain('guard_signing_key_held{state="next"} 1');
    expect(text).toContain('guard_keys_age_seconds 0');
  });
});
