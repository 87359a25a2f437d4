import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { generateSigningKey, SIGNING_ALGORITHMS, type SigningKey, toJwks } from './keys.ts';
import { type AccessGrant, createMinter } from './mint.ts';
import type { PublicJwk } from './public-jwk.ts';
import { createVerifier } from './verify.ts';

const keys = { ES256: await generateSigningKey('ES256'), RS256: await generateSigningKey('RS256') };
const now = new Date('2026-01-02T03:04:05Z');
const issuer = 'https://auth.test';
const jwks = toJwks(Object.values(keys));
const verify = createVerifier({ issuer, audience: 'bucket', jwks: () => jwks, clock: () => now });

const grant: AccessGrant = {
  subject: 'user-1',
  clientId: 'web',
  audience: ['bucket'],
  user: { id: 'user-1', roles: ['member'], permissions: [] },
  services: { bucket: { permissions: ['bucket:read'] } },
  lifetimeSeconds: 900,
};

function mintWith(key: SigningKey) {
  return createMinter({ issuer, key: () => key, clock: () => now, uuid: () => 'uuid-1' }).access(grant);
}

const { claims } = await mintWith(keys.ES256);
const encode = (text: string) => Buffer.from(text).toString('base64url');
const json = (value: unknown) => encode(JSON.stringify(value));

/** Any header and payload, as text, under a true signature of the key, by its own algorithm. */
function compact({ privateKey, publicJwk }: SigningKey, header: string, payload: string): string {
  const input = `${header}.${payload}`;
  const key = publicJwk.kty === 'EC' ? ({ key: privateKey, dsaEncoding: 'ieee-p1363' } as const) : privateKey;
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}

const headerOf = ({ kid, publicJwk }: SigningKey) => ({ alg: publicJwk.alg, typ: 'at+jwt', kid });
const refused = expect.objectContaining({ code: expect.stringMatching(/^token_(invalid|malformed)$/) });

describe.each(SIGNING_ALGORITHMS)('a key for %s', (alg) => {
  const key = keys[alg];
  const other = alg === 'ES256' ? keys.RS256 : keys.ES256;

  test('signs what verifies, and says its own algorithm', async () => {
    const minted = await mintWith(key);
    expect(await verify(minted.token)).toEqual(minted.claims);
    expect(JSON.parse(Buffer.from(minted.token.split('.')[0] ?? '', 'base64url').toString())).toEqual(headerOf(key));
  });

  test('verifies nothing under any other algorithm', async () => {
    const algorithms = ['ES384', 'PS256', 'RS512', 'HS256', 'EdDSA', 'none', alg.toLowerCase(), other.publicJwk.alg];
    for (const wrong of algorithms) {
      const token = compact(key, json({ ...headerOf(key), alg: wrong }), json(claims));
      await expect(verify(token)).rejects.toEqual(refused);
    }
  });

  test('verifies no signature of the other key under its name, nor its own under the name of the other', async () => {
    for (const header of [headerOf(key), { ...headerOf(key), alg: other.publicJwk.alg }]) {
      await expect(verify(compact(other, json(header), json(claims)))).rejects.toEqual(refused);
    }
    for (const header of [headerOf(other), { ...headerOf(key), kid: other.kid }]) {
      await expect(verify(compact(key, json(header), json(claims)))).rejects.toEqual(refused);
    }
  });

  test('is no HMAC secret', async () => {
    const publicKey = createPublicKey(key.privateKey);
    const secrets = [
      publicKey.export({ format: 'pem', type: 'spki' }),
      publicKey.export({ format: 'der', type: 'spki' }),
      JSON.stringify(key.publicJwk),
      Buffer.from(key.publicJwk.kty === 'RSA' ? key.publicJwk.n : key.publicJwk.x, 'base64url'),
    ];
    for (const secret of secrets) {
      for (const claimed of ['HS256', alg]) {
        const input = `${json({ ...headerOf(key), alg: claimed })}.${json(claims)}`;
        const forged = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
        await expect(verify(forged)).rejects.toEqual(refused);
      }
    }
  });

  test('is not found by a kid that only resembles its own', async () => {
    const { kid } = key;
    const kids = [` ${kid}`, `${kid}\0`, `${kid}' OR '1'='1`, `${kid}"; --`, `../${kid}`, `${kid}%00`, [kid], { kid }];
    for (const wrong of kids) {
      await expect(verify(compact(key, json({ ...headerOf(key), kid: wrong }), json(claims)))).rejects.toEqual(refused);
    }
  });
});

describe('a name that stands twice (RFC 7515 section 4, RFC 7519 section 4: the last one counts)', () => {
  const twice = (object: object, name: string, first: unknown) =>
    encode(`{${JSON.stringify(name)}:${JSON.stringify(first)},${JSON.stringify(object).slice(1)}`);

  test('in the header leads to no other key or algorithm', async () => {
    const foreign = await generateSigningKey();
    const { kid } = keys.ES256;
    for (const [name, first] of [
      ['alg', 'none'],
      ['kid', foreign.kid],
      ['typ', 'JWT'],
    ] as const) {
      const header = twice(headerOf(keys.ES256), name, first);
      expect(await verify(compact(keys.ES256, header, json(claims)))).toEqual(claims);
      await expect(verify(compact(foreign, header, json(claims)))).rejects.toEqual(refused);
      const reversed = twice({ ...headerOf(foreign), [name]: first }, name, { alg: 'ES256', kid, typ: 'at+jwt' }[name]);
      await expect(verify(compact(foreign, reversed, json(claims)))).rejects.toEqual(refused);
    }
  });

  test('in the payload is read the same way everywhere', async () => {
    const token = compact(keys.ES256, json(headerOf(keys.ES256)), twice(claims, 'sub', 'somebody else'));
    expect((await verify(token)).sub).toBe(claims.sub);
    const wrongLast = encode(`${JSON.stringify(claims).slice(0, -1)},"iss":"https://evil"}`);
    const refusedLast = verify(compact(keys.ES256, json(headerOf(keys.ES256)), wrongLast));
    await expect(refusedLast).rejects.toEqual(refused);
  });
});

describe('a signature by ES256', () => {
  /** Order of the group (SEC 2 section 2.4.2). */
  const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const bytes = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
  const input = `${json(headerOf(keys.ES256))}.${json(claims)}`;
  const good = Buffer.from(compact(keys.ES256, ...split(input)).split('.')[2] ?? '', 'base64url');
  const refusedSignature = expect.objectContaining({ code: 'token_invalid' });

  test('is no number that is out of range, on either side', async () => {
    for (const wrong of [0n, 1n, ORDER - 1n, ORDER, ORDER + 1n, 2n ** 256n - 1n]) {
      for (const pair of [
        [bytes(wrong), good.subarray(32)],
        [good.subarray(0, 32), bytes(wrong)],
        [bytes(wrong), bytes(wrong)],
      ]) {
        const token = `${input}.${Buffer.concat(pair).toString('base64url')}`;
        await expect(verify(token)).rejects.toEqual(refusedSignature);
      }
    }
  });

  test('has 64 bytes, and is in no other form', async () => {
    const der = sign('sha256', Buffer.from(input), keys.ES256.privateKey);
    const forms = [der, Buffer.alloc(0), good.subarray(0, 63), Buffer.concat([good, good.subarray(0, 1)])];
    for (const wrong of [...forms, Buffer.concat([good, good])]) {
      await expect(verify(`${input}.${wrong.toString('base64url')}`)).rejects.toEqual(refusedSignature);
    }
    expect(await verify(`${input}.${good.toString('base64url')}`)).toEqual(claims);
  });

  function split(text: string): [string, string] {
    const [header = '', payload = ''] = text.split('.');
    return [header, payload];
  }
});

test('a key that is none spoils no other', async () => {
  const { publicJwk } = keys.ES256;
  const broken = { ...publicJwk, kid: 'broken', x: 'AA' } as typeof publicJwk;
  const mixed = createVerifier({
    ...{ issuer, audience: 'bucket', clock: () => now },
    jwks: () => ({ keys: [broken, ...jwks.keys] }),
  });
  const naming = (kid: string) => compact(keys.ES256, json({ ...headerOf(keys.ES256), kid }), json(claims));
  await expect(mixed(naming('broken'))).rejects.toEqual(refused);
  expect(await mixed(naming(keys.ES256.kid))).toEqual(claims);
});

test('a key on another curve, or of fewer bits than RFC 7518 wants, verifies nothing', async () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const curve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  for (const [alg, { privateKey, publicKey }] of [
    ['RS256', weak],
    ['ES256', curve],
  ] as const) {
    const listed = { ...publicKey.export({ format: 'jwk' }), alg, use: 'sig', kid: 'weak' } as unknown as PublicJwk;
    const over = createVerifier({
      ...{ issuer, audience: 'bucket', clock: () => now },
      jwks: () => ({ keys: [listed] }),
    });
    const key = { privateKey, publicJwk: listed, kid: 'weak' };
    await expect(over(compact(key, json(headerOf(key)), json(claims)))).rejects.toEqual(refused);
  }
});

test('a header may ask for no extension (RFC 7515 section 4.1.11)', async () => {
  const header = { ...headerOf(keys.ES256), crit: ['nonce'], nonce: 'x' };
  await expect(verify(compact(keys.ES256, json(header), json(claims)))).rejects.toEqual(refused);
});
