import { sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { generateSigningKey, toJwks } from './keys.ts';
import { createMinter } from './mint.ts';
import { toP1363 } from './sign.ts';
import { ANY_AUDIENCE, createVerifier } from './verify.ts';

const now = new Date('2026-01-02T03:04:05Z');
const issuer = 'https://auth.test';
const [key, foreign] = [await generateSigningKey(), await generateSigningKey()];
const jwks = toJwks([key]);
const verify = createVerifier({ issuer, audience: 'bucket', jwks: () => jwks, clock: () => now });
const minter = createMinter({ issuer, key: () => key, clock: () => now, uuid: () => 'uuid-1' });
const { claims, token } = await minter.access({
  subject: 'user-1',
  clientId: 'web',
  audience: ['bucket'],
  services: { bucket: { permissions: ['bucket:read'] } },
  lifetimeSeconds: 900,
});

const header = { alg: 'ES256', typ: 'at+jwt', kid: key.kid };
const encode = (text: string | Uint8Array) => Buffer.from(text).toString('base64url');

/** A token of exactly this text, with a good signature of whichever key. */
function signed(headerText: string, payload: string | Uint8Array, by = key): string {
  const input = `${encode(headerText)}.${encode(payload)}`;
  return `${input}.${toP1363(sign('sha256', Buffer.from(input), by.privateKey)).toString('base64url')}`;
}
const withHeader = (more: object) => signed(JSON.stringify({ ...header, ...more }), JSON.stringify(claims));
const withPayload = (text: string | Uint8Array) => signed(JSON.stringify(header), text);

describe('a token under attack', () => {
  test('is accepted when nothing is wrong with it, which the others rely on', async () => {
    expect(await verify(withHeader({}))).toEqual(claims);
  });

  test.each([
    ['a critical extension', { crit: ['exp'], exp: 0 }],
    ['an unknown critical extension', { crit: ['https://evil/x'], 'https://evil/x': true }],
    ['an unencoded payload', { crit: ['b64'], b64: false }],
    ['an empty list of critical extensions', { crit: [] }],
    ['the type of an id token', { typ: 'JWT' }],
    ['the type of a log-out token', { typ: 'logout+jwt' }],
    ['the type of an introspection answer', { typ: 'token-introspection+jwt' }],
    ['the type of a client assertion', { typ: 'client-authentication+jwt' }],
    ['no type', { typ: undefined }],
    ['a type that is a list', { typ: ['at+jwt'] }],
    ['another algorithm for the same key', { alg: 'ES384' }],
    ['an algorithm that is a list', { alg: ['ES256'] }],
  ])('is refused with %s, however well it is signed', async (_, more) => {
    await expect(verify(withHeader(more))).rejects.toHaveProperty('code');
  });

  test('cannot say two things: of a repeated header field or claim the last one counts, everywhere', async () => {
    const twice = JSON.stringify(claims).replace('{', '{"sub":"admin",');
    expect((await verify(withPayload(twice))).sub).toBe('user-1');
    const repeated = JSON.stringify(header).replace('}', ',"alg":"none"}');
    await expect(verify(signed(repeated, JSON.stringify(claims)))).rejects.toHaveProperty('code');
    await expect(verify(signed(repeated, JSON.stringify(claims), foreign))).rejects.toHaveProperty('code');
  });

  test.each([
    ['text that is no JSON', 'hello'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a number', '1e999'],
    ['bytes that are no UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)],
    ['an object that ends too early', JSON.stringify(claims).slice(0, -1)],
    ['times that are text', JSON.stringify({ ...claims, exp: '9999999999' })],
    ['a time that is no whole number', JSON.stringify({ ...claims, exp: claims.exp + 0.5 })],
    ['a time that never comes', JSON.stringify({ ...claims, exp: 1e300 })],
    ['an audience that is text', JSON.stringify({ ...claims, aud: 'bucket' })],
    ['services by way of the prototype', JSON.stringify(claims).replace('"services":{', '"services":{"__proto__":{},')],
    ['an actor without a name', JSON.stringify({ ...claims, act: {} })],
    ['actors beyond the bound', JSON.stringify({ ...claims, act: chain(5) })],
    ['more to an actor', JSON.stringify({ ...claims, act: { sub: 'a', admin: true } })],
  ])('is refused with %s as its payload', async (_, payload) => {
    await expect(verify(withPayload(payload))).rejects.toHaveProperty('code');
  });

  test('is refused at once when it is huge or deep', async () => {
    const deep = (depth: number) => `{"act":${'{"act":'.repeat(depth)}1${'}'.repeat(depth)}}`;
    const large = [withPayload(JSON.stringify({ ...claims, x: 'x'.repeat(1_000_000) })), withPayload(deep(100_000))];
    const started = process.cpuUsage();
    for (const text of [...large, withPayload(deep(1_000)), 'a.'.repeat(1_000_000)]) {
      await expect(verify(text)).rejects.toHaveProperty('code');
    }
    // Time of the processor: how long a busy machine lets it wait is not what is judged.
    const { user, system } = process.cpuUsage(started);
    expect(user + system).toBeLessThan(1_000_000);
  });

  test('has one spelling: neither padding, nor white space, nor another alphabet', async () => {
    const [head = '', payload = '', signature = ''] = token.split('.');
    const respelled = [
      `${head}=.${payload}.${signature}`,
      `${head}.${payload}==.${signature}`,
      ` ${token}`,
      `${token}\n`,
      `${head}.${payload.replace(/./, '$&\n')}.${signature}`,
      `${head}.${payload}.${Buffer.from(signature, 'base64url').toString('base64')}`,
    ];
    for (const text of respelled) await expect(verify(text)).rejects.toMatchObject({ code: 'token_malformed' });
  });

  test('is accepted for any audience only by who asks for that', async () => {
    const anyone = createVerifier({ issuer, audience: ANY_AUDIENCE, jwks: () => jwks, clock: () => now });
    expect(await anyone(token)).toEqual(claims);
    const elsewhere = createVerifier({ issuer, audience: 'user', jwks: () => jwks, clock: () => now });
    await expect(elsewhere(token)).rejects.toMatchObject({ code: 'audience_mismatch' });
  });
});

function chain(length: number): object {
  return length === 1 ? { sub: 'a' } : { sub: 'a', act: chain(length - 1) };
}
