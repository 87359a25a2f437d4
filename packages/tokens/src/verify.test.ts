import { createHmac, createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import type { AccessClaims } from './claims.ts';
import { generateSigningKey, type SigningKey, toJwks } from './keys.ts';
import { type AccessGrant, createMinter } from './mint.ts';
import { createVerifier } from './verify.ts';

const key = await generateSigningKey();
const foreign = await generateSigningKey();
const now = new Date('2026-01-02T03:04:05Z');
const seconds = now.getTime() / 1000;
const issuer = 'https://auth.test';
const jwks = toJwks([await generateSigningKey(), key]);

const mintAt = (clock: Date) =>
  createMinter({ issuer, key: () => key, clock: () => clock, uuid: () => 'uuid-1' }).access;
const verify = createVerifier({ issuer, audience: 'bucket', jwks: () => jwks, clock: () => now });

const grant: AccessGrant = {
  subject: 'user-1',
  clientId: 'web',
  audience: ['bucket', 'auth'],
  user: { id: 'user-1', roles: ['member'], permissions: [] },
  services: { bucket: { permissions: ['bucket:read'] } },
  lifetimeSeconds: 900,
};
const { token, claims } = await mintAt(now)(grant);

/** A token signed as asked, bypassing the minter. */
function signed(payload: Record<string, unknown>, header: Record<string, unknown> = {}, by: SigningKey = key) {
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: key.kid, ...header })
    .sign(by.privateKey);
}

const without = (claim: keyof AccessClaims) => ({ ...claims, [claim]: undefined });
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('verify', () => {
  test('gives back what was minted, for any grant', async () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9:._-]{0,30}$/);
    const service = fc.stringMatching(/^[a-z]([a-z0-9-]{0,20}[a-z0-9])?$/);
    const grants = fc.record({
      subject: fc.uuid(),
      user: fc.record({
        id: fc.uuid(),
        roles: fc.array(name, { maxLength: 5 }),
        permissions: fc.array(name, { maxLength: 5 }),
      }),
      services: fc.dictionary(service, fc.record({ permissions: fc.array(name, { maxLength: 5 }) }), { maxKeys: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(grants, async (some) => {
        const minted = await mintAt(now)({ ...some, clientId: 'web', audience: ['bucket'], lifetimeSeconds: 60 });
        expect(await verify(minted.token)).toEqual(minted.claims);
      }),
      { numRuns: 50 },
    );
  });

  test('fails when any one character of a token is changed', async () => {
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n'];
    const change = fc.record({ at: fc.nat(token.length - 1), to: fc.constantFrom(...alphabet) });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, to }) => {
        fc.pre(token[at] !== to);
        await expect(verify(token.slice(0, at) + to + token.slice(at + 1))).rejects.toHaveProperty('code');
      }),
      { numRuns: 300 },
    );
  });

  test('takes only the canonical spelling of a signature', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(token.at(-1) ?? '');
    const sameBytes = token.slice(0, -1) + alphabet[last ^ 1];
    expect(Buffer.from(sameBytes.split('.')[2] ?? '', 'base64url')).toEqual(
      Buffer.from(token.split('.')[2] ?? '', 'base64url'),
    );
    await expect(verify(sameBytes)).rejects.toMatchObject({ code: 'token_malformed' });
  });

  test.each(['', 'a', 'a.b', 'a.b.c', '..', `${token}.`, `${token}.a`, 'x'.repeat(20_000)])(
    'calls other text malformed (%#)',
    async (text) => {
      await expect(verify(text)).rejects.toMatchObject({ code: 'token_malformed' });
    },
  );

  test('allows 60 s of clock skew on exp and nbf, and no more', async () => {
    const short = { ...grant, lifetimeSeconds: 10 };
    const at = (offset: number) => new Date(now.getTime() + offset * 1000);
    expect(await verify((await mintAt(at(-69))(short)).token)).toBeDefined();
    await expect(verify((await mintAt(at(-70))(short)).token)).rejects.toMatchObject({ code: 'token_expired' });
    expect(await verify((await mintAt(at(60))(short)).token)).toBeDefined();
    await expect(verify((await mintAt(at(61))(short)).token)).rejects.toMatchObject({ code: 'token_invalid' });
  });

  test('tells a token for other services from an invalid one', async () => {
    await expect(verify(await signed({ ...claims, aud: ['user'] }))).rejects.toMatchObject({
      code: 'audience_mismatch',
    });
    await expect(verify(await signed({ ...claims, iss: 'https://evil' }))).rejects.toMatchObject({
      code: 'token_invalid',
    });
  });

  test.each(['exp', 'nbf', 'iat', 'iss', 'sub', 'aud', 'jti', 'services'] as const)('requires %s', async (claim) => {
    await expect(verify(await signed(without(claim)))).rejects.toHaveProperty('code');
  });

  test('refuses claims of another shape', async () => {
    const other = await signed({ ...claims, services: { bucket: { permissions: 'all' } } });
    await expect(verify(other)).rejects.toMatchObject({ code: 'token_invalid' });
  });
});

describe('verify, attacked', () => {
  test('refuses another type of token', async () => {
    for (const typ of ['JWT', 'logout+jwt', undefined]) {
      await expect(verify(await signed({ ...claims }, { typ }))).rejects.toMatchObject({ code: 'token_invalid' });
    }
  });

  test('refuses alg none', async () => {
    for (const alg of ['none', 'None', 'NONE']) {
      const header = { alg, typ: 'at+jwt', kid: key.kid };
      for (const signature of ['', token.split('.')[2]]) {
        await expect(verify(`${encode(header)}.${encode(claims)}.${signature}`)).rejects.toHaveProperty('code');
      }
    }
  });

  test('refuses HS256 made with the public key as the secret', async () => {
    const publicKey = createPublicKey(key.privateKey);
    const secrets = [
      publicKey.export({ format: 'pem', type: 'spki' }),
      publicKey.export({ format: 'der', type: 'spki' }),
      JSON.stringify(key.publicJwk),
    ];
    for (const secret of secrets) {
      const input = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: key.kid })}.${encode(claims)}`;
      const forged = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
      await expect(verify(forged)).rejects.toMatchObject({ code: 'token_invalid' });
    }
  });

  test('refuses a key that is not published, under any kid', async () => {
    const kids = [key.kid, foreign.kid, '', '../../etc/passwd', "' OR 1=1 --", '__proto__', 'constructor'];
    for (const kid of kids) {
      await expect(verify(await signed({ ...claims }, { kid }, foreign))).rejects.toMatchObject({
        code: 'token_invalid',
      });
    }
  });

  test('refuses a good signature under an unknown, a missing or a non-text kid', async () => {
    for (const kid of ['other', undefined, 7, null]) {
      await expect(verify(await signed({ ...claims }, { kid }))).rejects.toHaveProperty('code');
    }
  });

  test('refuses a key that the token brings itself, even beside a good signature', async () => {
    const brought = [
      { jwk: foreign.publicJwk },
      { jku: 'https://evil/jwks' },
      { x5u: 'https://evil/x' },
      { x5c: ['AA'] },
    ];
    for (const header of brought) {
      await expect(verify(await signed({ ...claims }, header, foreign))).rejects.toMatchObject({
        code: 'token_invalid',
      });
      await expect(verify(await signed({ ...claims }, header))).rejects.toMatchObject({ code: 'token_invalid' });
    }
  });

  test('follows the key set when it changes', async () => {
    let published = toJwks([foreign]);
    const rotating = createVerifier({ issuer, audience: 'bucket', jwks: () => published, clock: () => now });
    await expect(rotating(token)).rejects.toMatchObject({ code: 'token_invalid' });
    published = jwks;
    expect((await rotating(token)).exp).toBe(seconds + 900);
  });
});
