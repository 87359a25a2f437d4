import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenError } from './errors.ts';
import { generateSigningKey, toJwks } from './keys.ts';
import { createMinter } from './mint.ts';
import { createVerifier, type Verify } from './verify.ts';
import { createVerifyCache } from './verify-cache.ts';

const START = 1_800_000_000;
const issuer = 'https://auth.test';
const keys = [await generateSigningKey(), await generateSigningKey()] as const;
const tokens = await Promise.all(
  [0, 100, 200].flatMap((startsIn) =>
    keys.map(async (key) => {
      const clock = () => new Date((START + startsIn) * 1000);
      const minter = createMinter({ issuer, key: () => key, clock, uuid: () => `${startsIn}` });
      const grant = { subject: 'u', clientId: 'web', audience: ['bucket'], services: { bucket: { permissions: [] } } };
      return (await minter.access({ ...grant, lifetimeSeconds: 150 })).token;
    }),
  ),
);
const [first = '', second = '', third = ''] = tokens;

/** A cache whose verifications are counted, with a clock and a key set that the test sets. */
function setUp({ maxEntries }: { maxEntries?: number } = {}) {
  const state = { now: START, jwks: toJwks(keys) };
  const common = { jwks: () => state.jwks, clock: () => new Date(state.now * 1000) };
  const verifier = createVerifier({ ...common, issuer, audience: 'bucket' });
  const verified: string[] = [];
  const verify: Verify = (token) => {
    verified.push(token);
    return verifier(token);
  };
  const cache = createVerifyCache({ ...common, verify, ...(maxEntries !== undefined && { maxEntries }) });
  return { state, verifier, verify, cached: cache.verify, known: cache.known, verified };
}

const outcome = (answer: Promise<unknown>) =>
  answer.catch((error: unknown) => {
    if (error instanceof TokenError) return error.code;
    throw error;
  });

describe('the cache of verified tokens', () => {
  test('verifies a token that comes several times at once once, and gives all the same claims', async () => {
    const { cached, verified } = setUp();
    const [one, ...others] = await Promise.all([cached(first), cached(first), cached(first)]);
    expect(others.every((other) => other === one)).toBe(true);
    expect(verified).toEqual([first]);
    expect(await outcome(Promise.race([cached('x'), cached('x')]))).toBe('token_malformed');
  });

  test('answers what a verification would, at any time and with any keys', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ token: fc.constantFrom(...tokens, `${first}x`, 'x') }) },
      { weight: 2, arbitrary: fc.record({ pass: fc.integer({ min: -120, max: 120 }) }) },
      { weight: 1, arbitrary: fc.record({ keys: fc.subarray([...keys]) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), async (steps, maxEntries) => {
        const { state, cached, verifier } = setUp({ maxEntries });
        for (const one of steps) {
          if ('pass' in one) state.now += one.pass;
          else if ('keys' in one) state.jwks = toJwks(one.keys);
          else expect(await outcome(cached(one.token))).toEqual(await outcome(verifier(one.token)));
        }
      }),
      { numRuns: 200 },
    );
  });

  test('knows at once what it verified, and nothing else', async () => {
    const { state, cached, known } = setUp();
    expect(known(first)).toBeUndefined();
    const claims = await cached(first);
    expect(known(first)).toBe(claims);
    expect(known(`${first}x`)).toBeUndefined();
    state.now += 150;
    expect(known(first)).toBeUndefined();
    state.now -= 1;
    expect(known(first)).toBe(claims);
    state.jwks = toJwks(keys);
    expect(known(first)).toBeUndefined();
  });

  test('verifies a token once, until its end', async () => {
    const { state, cached, verified } = setUp();
    for (let count = 0; count < 5; count += 1) await cached(first);
    state.now += 149;
    await cached(first);
    expect(verified).toEqual([first]);
    state.now += 1;
    await cached(first);
    expect(verified).toEqual([first, first]);
  });

  test('forgets the token that was used least recently', async () => {
    const { state, cached, verified } = setUp({ maxEntries: 2 });
    state.now += 100; // all of them are valid
    for (const token of [first, second, first, third]) await cached(token);
    expect(verified).toEqual([first, second, third]);
    await cached(first);
    await cached(third);
    expect(verified).toHaveLength(3);
    await cached(second);
    expect(verified).toHaveLength(4);
  });

  test('does not remember a token whose key went while it was verified', async () => {
    const { state, verify, verified } = setUp();
    const common = { jwks: () => state.jwks, clock: () => new Date(state.now * 1000) };
    const gate = Promise.withResolvers<void>();
    const { verify: slow } = createVerifyCache({
      ...common,
      verify: async (token) => {
        const claims = await verify(token);
        await gate.promise;
        return claims;
      },
    });
    const pending = slow(first);
    await expect.poll(() => verified, { timeout: 60_000 }).toHaveLength(1);
    state.jwks = toJwks([]);
    gate.resolve();
    await pending;
    await expect(slow(first)).rejects.toMatchObject({ code: 'token_invalid' });
  });

  test('cannot be changed by who was answered', async () => {
    const { cached } = setUp();
    const claims = await cached(first);
    expect(() => claims.services['bucket']?.permissions.push('bucket:write')).toThrow(TypeError);
    expect(() => Object.assign(claims, { sub: 'somebody' })).toThrow(TypeError);
    expect((await cached(first)).services).toEqual({ bucket: { permissions: [] } });
  });
});
