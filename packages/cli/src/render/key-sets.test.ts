import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { withKeys } from './key-sets.ts';

const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const SET = JSON.stringify({ keys: [{ ...jwk, kid: 'one', use: 'sig', alg: 'ES256' }] });
const ISSUER = {
  metadata: { name: 'platform' },
  spec: { issuer: 'https://auth.example', jwksUri: 'https://auth.example/k' },
};
const SOURCE = { issuer: 'platform', place: 'https://auth.example/k' };

/** A server with one answer, and what was asked of it. */
function answering(response: Response) {
  const asked: unknown[] = [];
  const fetch: typeof globalThis.fetch = async (url, init) => {
    asked.push([url, init?.redirect]);
    return response;
  };
  return { fetch, asked };
}

test('keys come from a URL, which redirects nowhere', async () => {
  const { fetch, asked } = answering(new Response(SET));
  const [state] = await withKeys([ISSUER], [SOURCE], { fetch });
  expect(state?.jwks?.keys.map(({ kid }) => kid)).toEqual(['one']);
  expect(asked).toEqual([['https://auth.example/k', 'error']]);
});

test.each([
  ['an error', new Response('', { status: 502 }), '502'],
  ['more than a key set is', new Response(' '.repeat(300_000)), 'larger than'],
  ['a page', new Response('<html>'), 'is no JSON'],
])('%s is no key set', async (_, response, told) => {
  const failed = expect.objectContaining({ code: 'keys_unreadable', message: expect.stringContaining(told) });
  await expect(withKeys([ISSUER], [SOURCE], answering(response))).rejects.toEqual(failed);
});

test('an issuer whose keys nobody gives says what to do', async () => {
  const [state] = await withKeys([ISSUER], [], answering(new Response('')));
  expect(state).toMatchObject({ issuer: ISSUER, problem: expect.stringContaining('--jwks') });
});
