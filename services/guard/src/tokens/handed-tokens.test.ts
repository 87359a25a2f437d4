import { expect, test } from 'vitest';
import type { Credential, Handed } from './credential.ts';
import { createHandedTokens } from './handed-tokens.ts';

function credential(): Credential {
  return {
    ...{ iss: 'https://auth.example', exp: 900, claims: {}, revocable: {}, kid: undefined, handed: new Map() },
    unified: () => {
      throw new Error('not asked for here');
    },
  };
}

function handed(renewAt = 225): Handed {
  return { authorization: `Bearer ${'a'.repeat(1_017)}`, kid: 'k', readBy: undefined, renewAt };
}

const TOKEN_BYTES = 1_024 + 256;

test('a user of 500 services does not hold 500 tokens', () => {
  const tokens = createHandedTokens({ now: () => 0, maxPerCredential: 32 });
  const user = credential();
  for (let service = 0; service < 500; service += 1) tokens.keep(user, `service-${service}`, handed());
  expect([...user.handed.keys()]).toEqual(Array.from({ length: 32 }, (_, index) => `service-${468 + index}`));
  expect(tokens.bytes).toBe(32 * TOKEN_BYTES);
});

test('all credentials together hold no more bytes than they may: the oldest tokens go', () => {
  const tokens = createHandedTokens({ now: () => 0, maxBytes: 10 * TOKEN_BYTES });
  const users = Array.from({ length: 500 }, credential);
  for (const user of users) tokens.keep(user, 'bucket', handed());
  expect(users.map(({ handed: { size } }) => size)).toEqual([...Array(490).fill(0), ...Array(10).fill(1)]);
  expect(tokens.bytes).toBe(10 * TOKEN_BYTES);
});

test('a token that is too old to be handed out goes when another one comes', () => {
  let now = 0;
  const tokens = createHandedTokens({ now: () => now });
  const [early, late] = [credential(), credential()];
  for (const service of ['bucket', 'user', 'file']) tokens.keep(early, service, handed(225));
  now = 225;
  tokens.keep(late, 'bucket', handed(450));
  expect([early.handed.size, late.handed.size]).toEqual([0, 1]);
  expect(tokens.bytes).toBe(TOKEN_BYTES);
});

test('a token takes the place of the one before it', () => {
  const tokens = createHandedTokens({ now: () => 0, maxPerCredential: 2 });
  const user = credential();
  const second = handed();
  for (const one of [handed(), handed(), second]) tokens.keep(user, 'bucket', one);
  tokens.keep(user, 'user', handed());
  expect(user.handed.get('bucket')).toBe(second);
  expect(tokens.bytes).toBe(2 * TOKEN_BYTES);
});
