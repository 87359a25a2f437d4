import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { exportSigningKey, generateSigningKey, SIGNING_ALGORITHMS } from './keys.ts';
import { seal } from './seal.ts';
import { openSigningKey, sealSigningKey } from './sealed-key.ts';

const encryptionKeys = { current: randomBytes(32), previous: [] };
const unreadable = { code: 'key_unreadable' };

describe('a sealed signing key', () => {
  test.each(SIGNING_ALGORITHMS)('opens as what it was, for %s', async (alg) => {
    const key = await generateSigningKey(alg);
    const opened = await openSigningKey(sealSigningKey(key, encryptionKeys.current), key.kid, encryptionKeys);
    expect(opened.outdated).toBe(false);
    expect(opened.key.publicJwk).toEqual(key.publicJwk);
    expect(exportSigningKey(opened.key)).toEqual(exportSigningKey(key));
  });

  test('opens as a key of the region that its name says', async () => {
    const key = await generateSigningKey('ES256', 'eu');
    const sealed = sealSigningKey(key, encryptionKeys.current);
    expect((await openSigningKey(sealed, key.kid, encryptionKeys)).key.publicJwk).toEqual(key.publicJwk);
    const elsewhere = key.kid.replace('eu.', 'us.');
    await expect(openSigningKey(sealed, elsewhere, encryptionKeys)).rejects.toMatchObject(unreadable);
  });

  test('tells when it should be sealed again', async () => {
    const key = await generateSigningKey();
    const previous = randomBytes(32);
    const sealed = sealSigningKey(key, previous);
    const { outdated } = await openSigningKey(sealed, key.kid, { ...encryptionKeys, previous: [previous] });
    expect(outdated).toBe(true);
    await expect(openSigningKey(sealed, key.kid, encryptionKeys)).rejects.toMatchObject(unreadable);
  });

  test('is refused when it is not the one of that name, or none at all', async () => {
    const [key, other] = [await generateSigningKey(), await generateSigningKey()];
    const renamed = seal(exportSigningKey(other), key.kid, encryptionKeys.current);
    await expect(openSigningKey(renamed, key.kid, encryptionKeys)).rejects.toMatchObject(unreadable);
    const garbage = seal(Buffer.from('garbage'), key.kid, encryptionKeys.current);
    await expect(openSigningKey(garbage, key.kid, encryptionKeys)).rejects.toMatchObject(unreadable);
  });
});
