import fc from 'fast-check';
import { compactVerify, importJWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { generateSigningKey, SIGNING_ALGORITHMS } from './keys.ts';
import { signCompact, toDer, toP1363 } from './sign.ts';

/** As RFC 3279 section 2.2.3 writes it: no more bytes than needed, and none that reads as negative. */
function derOf(...integers: Uint8Array[]): Buffer {
  const parts = integers.map((bytes) => {
    const first = bytes.findIndex((byte) => byte !== 0);
    const significant = first === -1 ? [0] : [...bytes.subarray(first)];
    const positive = (significant[0] ?? 0) >= 0x80 ? [0, ...significant] : significant;
    return [0x02, positive.length, ...positive];
  });
  const body = parts.flat();
  return Buffer.from([0x30, body.length, ...body]);
}

test.each(SIGNING_ALGORITHMS)('what %s signs, an independent implementation verifies and reads back', async (alg) => {
  const key = await generateSigningKey(alg);
  const publicKey = await importJWK({ ...key.publicJwk });
  const text = fc.string({ unit: 'grapheme', maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(fc.dictionary(text, text), async (claims) => {
      const verified = await compactVerify(await signCompact(claims, key), publicKey);
      expect(verified.protectedHeader).toEqual({ alg, typ: 'at+jwt', kid: key.kid });
      expect(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(verified.payload))).toEqual(
        JSON.parse(JSON.stringify(claims)),
      );
    }),
  );
});

describe('an ES256 signature', () => {
  const integer = fc
    .record({ zeros: fc.nat(32), bytes: fc.uint8Array({ minLength: 32, maxLength: 32 }) })
    .map(({ zeros, bytes }) => bytes.fill(0, 0, zeros));

  test('holds r and s side by side, at any length that DER gives them', () => {
    fc.assert(
      fc.property(integer, integer, (r, s) => {
        expect(toP1363(derOf(r, s))).toEqual(Buffer.concat([r, s]));
      }),
      { numRuns: 1_000 },
    );
  });

  test('has one DER, whatever r and s are', () => {
    fc.assert(
      fc.property(integer, integer, (r, s) => {
        expect(toDer(Buffer.concat([r, s]))).toEqual(derOf(r, s));
      }),
      { numRuns: 1_000 },
    );
  });
});
