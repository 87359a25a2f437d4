import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Fetch } from './fetch-function.ts';
import { createTokenVerifier } from './verify.ts';

const issuer = 'https://auth.example';
const now = new Date('2026-01-02T03:04:05Z');
const seconds = Math.floor(now.getTime() / 1_000);

async function newKey(kid: string) {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' } satisfies JWK };
}
type Key = Awaited<ReturnType<typeof newKey>>;

const [first, second] = [await newKey('first'), await newKey('second')];

function token(key: Key, claims: object = {}): Promise<string> {
  const payload = { iss: issuer, sub: 'u1', aud: 'notes', exp: seconds + 300, ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: key.kid, typ: 'at+jwt' }).sign(key.privateKey);
}

const code = (expected: string) => expect.objectContaining({ code: expected });
const of = (...keys: readonly Key[]) => ({ keys: keys.map(({ jwk }) => jwk) });

describe('with keys that are given', () => {
  const verify = createTokenVerifier({ issuers: { [issuer]: of(first) }, clock: () => now });

  test('a token of the issuer is one', async () => {
    await expect(verify(await token(first))).resolves.toBeUndefined();
  });

  test.each([
    ['of another issuer', { iss: 'https://elsewhere' }, 'token_invalid'],
    ['of an issuer that is no text', { iss: 7 }, 'token_invalid'],
    ['that never ends', { exp: undefined }, 'token_invalid'],
    ['that is not valid yet', { nbf: seconds + 61 }, 'token_invalid'],
    ['that ended longer ago than clocks differ', { exp: seconds - 61 }, 'token_expired'],
  ])('a token %s is refused', async (_, claims, expected) => {
    await expect(verify(await token(first, claims))).rejects.toEqual(code(expected));
  });

  test('a token that Envoy still takes is taken', async () => {
    await expect(verify(await token(first, { exp: seconds - 59 }))).resolves.toBeUndefined();
  });

  test('a token of another key, under its own name or the right one, is refused', async () => {
    for (const kid of ['second', 'first']) {
      await expect(verify(await token({ ...second, kid }))).rejects.toEqual(code('token_invalid'));
    }
  });

  test('a forged payload or signature, and none at all, are refused with nothing of the token', async () => {
    const [header = '', payload = '', signature = ''] = (await token(first)).split('.');
    const admin = Buffer.from(JSON.stringify({ iss: issuer, sub: 'admin', exp: seconds + 300 })).toString('base64url');
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    const forged = [`${header}.${admin}.${signature}`, `${header}.${payload}.c2ln`, `${none}.${payload}.`, 'no token'];
    for (const text of forged) {
      const error = await verify(text).catch((caught: unknown) => caught);
      expect(error).toEqual(code('token_invalid'));
      expect(JSON.stringify([String(error), Object(error).cause])).not.toContain(payload);
    }
  });

  test('a symmetric key in the set verifies nothing', async () => {
    const secret = new Uint8Array(32).fill(7);
    const k = Buffer.from(secret).toString('base64url');
    const symmetric = createTokenVerifier({
      issuers: { [issuer]: { keys: [{ kty: 'oct', k, kid: 's', alg: 'HS256' }] } },
      clock: () => now,
    });
    const text = await new SignJWT({ iss: issuer, exp: seconds + 300 })
      .setProtectedHeader({ alg: 'HS256', kid: 's' })
      .sign(secret);
    await expect(symmetric(text)).rejects.toEqual(code('token_invalid'));
  });
});

describe('with keys at a URL', () => {
  let time: number;
  let reads: string[];
  let answer: () => Response | Promise<Response>;

  beforeEach(() => {
    time = 0;
    reads = [];
    answer = () => Response.json(of(first));
  });

  function verifier() {
    const fetch: Fetch = async (url) => {
      reads.push(url);
      return answer();
    };
    const issuers = { [issuer]: new URL('http://auth/.well-known/jwks.json') };
    return createTokenVerifier({ issuers, fetch, clock: () => now, monotonic: () => time });
  }

  test('they are read once for all who ask together', async () => {
    const verify = verifier();
    const text = await token(first);
    await Promise.all([verify(text), verify(text), verify(text)]);
    expect(reads).toEqual(['http://auth/.well-known/jwks.json']);
  });

  test('they are read again for a key that is new, but not for every one that there is not', async () => {
    const verify = verifier();
    await verify(await token(first));
    answer = () => Response.json(of(first, second));
    await expect(verify(await token(second))).rejects.toEqual(code('token_invalid'));
    time += 5_000;
    await verify(await token(second));
    const unknown = await token({ ...second, kid: 'unknown' });
    for (let count = 0; count < 10; count += 1) await expect(verify(unknown)).rejects.toEqual(code('token_invalid'));
    expect(reads).toHaveLength(2);
  });

  test('they are believed for an hour while they cannot be read, and no longer', async () => {
    const verify = verifier();
    const text = await token(first);
    await verify(text);
    answer = () => Promise.reject(new TypeError('fetch failed'));
    time = 60 * 60_000 - 1;
    await expect(verify(text)).resolves.toBeUndefined();
    time += 1;
    await expect(verify(text)).rejects.toMatchObject({ code: 'unavailable', cause: { message: 'fetch failed' } });
  });

  test.each([
    [
      'a status that is none of success',
      () => new Response(null, { status: 302, headers: { location: 'http://evil/' } }),
    ],
    ['no JSON', () => new Response('<html>')],
    ['no key set', () => Response.json({ keys: 'none' })],
    ['more than a key set could be', () => new Response(`{"keys":[]${' '.repeat(300_000)}}`)],
  ])('%s is no set of keys, and the request cannot be served', async (_, wrong) => {
    answer = wrong;
    await expect(verifier()(await token(first))).rejects.toEqual(code('unavailable'));
  });
});
