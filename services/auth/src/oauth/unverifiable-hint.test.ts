import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { withoutUnverifiableHint } from './unverifiable-hint.ts';

const secret = new TextEncoder().encode('any 256 bits will do, it is the name that is looked at');
const hintOf = (kid: string) => new SignJWT({}).setProtectedHeader({ alg: 'HS256', kid }).sign(secret);
const keys = new Set(['new']);

test('a hint that a key signed which is kept no longer is left out, and all else stays', async () => {
  const rest = { client_id: 'shop', state: 'a b', post_logout_redirect_uri: 'https://app.example/bye' };
  const query = withoutUnverifiableHint({ ...rest, id_token_hint: await hintOf('old'), unknown: 'x' }, keys);
  expect(Object.fromEntries(new URLSearchParams(query))).toEqual(rest);
});

test('nothing is left out of a request whose hint can be verified, or that has none', async () => {
  expect(withoutUnverifiableHint({ id_token_hint: await hintOf('new') }, keys)).toBeUndefined();
  expect(withoutUnverifiableHint({ client_id: 'shop' }, keys)).toBeUndefined();
});

test.each(['', 'x', 'a.b.c', `${'x'.repeat(5_000)}`])('what is no token is told to be none (%#)', (hint) => {
  expect(withoutUnverifiableHint({ id_token_hint: hint }, keys)).toBeUndefined();
});
