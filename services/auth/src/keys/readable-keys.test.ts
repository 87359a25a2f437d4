import { generateSigningKey } from '@sekisho/tokens';
import { expect, test } from 'vitest';
import type { StoredKey } from './key-store.ts';
import { readableKeys } from './readable-keys.ts';

async function stored(more: Partial<StoredKey> = {}): Promise<StoredKey> {
  const { kid, publicJwk } = await generateSigningKey('ES256', 'us');
  const times = { state: 'active', since: 0, longestTokenMs: 1, holders: [] } as const;
  return { ...times, kid, region: 'us', alg: 'ES256', sealed: new Uint8Array(), publicJwk, ...more };
}

test('what another region stored is taken as it is, and passed over if it is not what it is stored as', async () => {
  const [good, other] = [await stored(), await stored()];
  const { publicJwk: jwk } = await generateSigningKey('ES256', 'us');
  const wrongs = [
    await stored({ publicJwk: undefined }),
    await stored({ publicJwk: jwk }),
    await stored({ alg: 'RS256' }),
    await stored({ region: 'eu' }),
    await stored({ region: '' }),
    await stored({ publicJwk: { ...jwk, kid: jwk.kid.replace('us.', 'ap.'), y: 'AAAA' } as StoredKey['publicJwk'] }),
  ];
  const { keys, unreadable } = await readableKeys([good, ...wrongs, other]);
  expect(keys).toEqual([good.publicJwk, other.publicJwk]);
  expect(unreadable).toEqual(wrongs.map(({ kid }) => kid));
});
