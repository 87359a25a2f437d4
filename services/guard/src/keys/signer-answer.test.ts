import { randomBytes } from 'node:crypto';
import { exportSigningKey, generateSigningKey } from '@sekisho/tokens';
import { describe, expect, test } from 'vitest';
import { accessKey, encryptionKey, keySourceFixture, kidsOf } from '../testing/key-source-fixture.ts';

describe('an answer that would do harm is refused whole', () => {
  test('with a key of the guard among those for access tokens', async () => {
    const { auth, source } = keySourceFixture();
    const one = source();
    await one.refresh();
    const { accessJwks } = one;
    const [own] = auth.keys;
    if (own === undefined) throw new Error('no key');
    auth.access = { keys: [...auth.access.keys, own.jwk] };
    await one.refresh();
    expect(one.accessJwks).toBe(accessJwks);
  });

  test('with a key under the name of another', async () => {
    const { auth, source } = keySourceFixture();
    const one = source();
    await one.refresh();
    const { narrowJwks } = one;
    const other = await generateSigningKey();
    auth.keys = auth.keys.map((key) => ({ ...key, jwk: { ...other.publicJwk, kid: key.kid } }));
    await one.refresh();
    expect(one.narrowJwks).toBe(narrowJwks);
  });
});

describe('a replica with another encryption key', () => {
  const stranger = { encryptionKeys: { current: randomBytes(32), previous: [] } };

  test('has no key to sign with, makes none, and says so', async () => {
    const { auth, lines, source } = keySourceFixture();
    await source().refresh();
    auth.remove(auth.keys[1]?.kid ?? '');
    const one = source(stranger);
    await one.refresh();
    expect(one.ready).toBe(false);
    expect(auth.keys).toHaveLength(1);
    expect(lines.join()).toContain('all replicas need the encryption key');
  });

  test('goes on with the key it has when the one in wait is not for it, and shows that', async () => {
    const { auth, source } = keySourceFixture();
    const one = source();
    await one.refresh();
    auth.remove(auth.keys[1]?.kid ?? '');
    const kid = one.signingKey()?.kid;
    const key = await generateSigningKey();
    const sealed = randomBytes(100).toString('base64url');
    auth.keys.push({ kid: key.kid, alg: 'ES256', state: 'next', jwk: { ...key.publicJwk }, sealed });
    await one.refresh();
    expect(one.signingKey()?.kid).toBe(kid);
    expect(await one.metrics.render()).toContain('guard_signing_key_held{state="next"} 0');
    auth.promote();
    await one.refresh();
    expect(one.signingKey()?.kid).toBe(kid);
    auth.remove(kid ?? '');
    await one.refresh();
    expect(one.signingKey()).toBeUndefined();
  });

  test('trusts what is to be trusted now all the same', async () => {
    const { auth, source } = keySourceFixture();
    await source().refresh();
    const one = source(stranger);
    await one.refresh();
    expect(kidsOf(one.accessJwks)).toEqual([accessKey.kid]);
    const { publicJwk } = await generateSigningKey();
    auth.access = { keys: [publicJwk] };
    await one.refresh();
    expect(kidsOf(one.accessJwks)).toEqual([publicJwk.kid]);
    expect(kidsOf(one.narrowJwks)).toEqual(kidsOf(auth));
    expect(one.ready).toBe(false);
  });

  test('opens what a previous one sealed', async () => {
    const { source } = keySourceFixture();
    await source().refresh();
    const one = source({ encryptionKeys: { current: randomBytes(32), previous: [encryptionKey] } });
    await one.refresh();
    expect(one.ready).toBe(true);
  });
});

test('what leaves the process opens to the encryption key alone', async () => {
  const { auth, lines, source } = keySourceFixture();
  const one = source();
  await one.refresh();
  const key = one.signingKey();
  if (key === undefined) throw new Error('no key');
  const pkcs8 = exportSigningKey(key);
  const scalar = Buffer.from(key.privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
  expect(pkcs8.includes(scalar)).toBe(true);
  const left = JSON.stringify(auth.keys) + lines.join();
  for (const encoding of ['base64', 'base64url', 'hex'] as const) {
    for (const secret of [pkcs8, scalar]) expect(left).not.toContain(secret.toString(encoding));
  }
  for (const { sealed } of auth.keys) expect(Buffer.from(sealed, 'base64url').includes(scalar)).toBe(false);
});
