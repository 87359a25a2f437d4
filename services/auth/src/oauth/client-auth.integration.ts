import { randomUUID, type webcrypto } from 'node:crypto';
import { exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { databaseKinds } from '../testing/real-service.ts';
import { asAdmin } from './testing/platform.ts';
import { CALLBACK, ISSUER, startWorld, type TestClient, type World } from './testing/world.ts';

const [kind] = databaseKinds('');
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const grants = [{ service: 'bucket', permissions: ['bucket:read'] }];
const own = { grantTypes: ['client_credentials'], redirectUris: [], grants };

describe.runIf(kind !== undefined)('client authentication', () => {
  let world: World;
  let keyClient: TestClient;
  let keys: webcrypto.CryptoKeyPair;

  beforeAll(async () => {
    if (kind === undefined) return;
    world = await startWorld(kind, inject('redisUrl'));
    keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', keys.publicKey);
    keyClient = await world.addClient({
      ...own,
      authMethod: 'private_key_jwt',
      keys: [{ kty, crv, x, y, alg: 'ES256' }],
    });
  });
  afterAll(() => world?.close());

  async function ask(fields: Record<string, string>, basic?: string) {
    const answer = await world.service.publicApp.inject({
      method: 'POST',
      url: '/oauth/token',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(basic !== undefined && { authorization: `Basic ${Buffer.from(basic).toString('base64')}` }),
      },
      payload: new URLSearchParams({ grant_type: 'client_credentials', ...fields }).toString(),
    });
    return { status: answer.statusCode, error: answer.json().error };
  }

  const claims = () => ({
    iss: keyClient.id,
    sub: keyClient.id,
    aud: ISSUER,
    jti: randomUUID(),
    exp: Math.floor(Date.now() / 1000) + 60,
  });
  const signed = (payload: object, alg = 'ES256', key: webcrypto.CryptoKey | Uint8Array = keys.privateKey) =>
    new SignJWT({ ...payload }).setProtectedHeader({ alg }).sign(key);
  const assert = (assertion: string) => ask({ client_assertion: assertion, client_assertion_type: ASSERTION });

  test('takes an assertion once, also when it comes many times at once', async () => {
    const assertion = await signed(claims());
    const answers = await Promise.all(Array.from({ length: 20 }, () => assert(assertion)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ error }) => error === 'invalid_client')).toHaveLength(19);
  });

  test('takes no assertion that is not signed with the private key that belongs to the client', async () => {
    const stranger = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']);
    const publicText = new TextEncoder().encode(await exportSPKI(keys.publicKey));
    const wrong = [
      await signed(claims(), 'ES256', stranger.privateKey),
      await signed(claims(), 'HS256', publicText),
      new UnsecuredJWT(claims()).encode(),
      await signed({ ...claims(), aud: 'https://other.example' }),
      await signed({ ...claims(), iss: 'somebody' }),
      await signed({ ...claims(), exp: Math.floor(Date.now() / 1000) - 60 }),
      await signed({ ...claims(), exp: Math.floor(Date.now() / 1000) + 3_600 }),
      await signed({ ...claims(), jti: undefined }),
      'a.b.c',
    ];
    for (const assertion of wrong) {
      const { status, error } = await assert(assertion);
      expect([400, 401]).toContain(status);
      expect(['invalid_client', 'invalid_request']).toContain(error);
    }
    expect((await assert(await signed(claims()))).status).toBe(200);
  });

  test('takes no other method than the registered one, and never two at once', async () => {
    const secret = await world.addClient({ ...own });
    const { id } = keyClient;
    expect((await ask({ client_id: id, client_secret: secret.secret })).error).toBe('invalid_client');
    expect((await ask({ client_id: id })).error).toBe('invalid_client');
    expect((await ask({ client_id: secret.id })).error).toBe('invalid_client');
    const both = await ask({ client_id: secret.id, client_secret: secret.secret }, `${secret.id}:${secret.secret}`);
    expect(both.error).toBe('invalid_request');
    const mixed = await ask({ client_id: id }, `${secret.id}:${secret.secret}`);
    expect(mixed.error).toBe('invalid_request');
    expect((await ask({}, `${secret.id}:kept as a hash`)).error).toBe('invalid_client');
    expect((await ask({}, 'nobody:secret')).error).toBe('invalid_client');
  });

  test('gives a client what it was registered for, and nothing else', async () => {
    const { id, secret } = await world.addClient({ ...own });
    const fields = { grant_type: 'authorization_code', code: 'x', redirect_uri: CALLBACK, code_verifier: 'x' };
    expect((await ask(fields, `${id}:${secret}`)).error).toBe('invalid_request');
    expect((await ask({ grant_type: 'password' }, `${id}:${secret}`)).error).toBe('unsupported_grant_type');
  });

  test('takes the old secret and the new one for a while, then the new one alone', async () => {
    const { id, secret } = await world.addClient({ ...own });
    const rotate = async (overlapSeconds: number) =>
      (await asAdmin(world.service, 'POST', `/v1/clients/${id}/secrets`, { overlapSeconds })).json().secret;
    const second = await rotate(3_600);
    for (const good of [secret, second]) expect((await ask({}, `${id}:${good}`)).status).toBe(200);
    const third = await rotate(0);
    expect((await ask({}, `${id}:${third}`)).status).toBe(200);
    for (const old of [secret, second]) expect((await ask({}, `${id}:${old}`)).error).toBe('invalid_client');
  });

  test('knows a client that was removed no more', async () => {
    const { id, secret } = await world.addClient({ ...own });
    expect((await ask({}, `${id}:${secret}`)).status).toBe(200);
    expect((await asAdmin(world.service, 'DELETE', `/v1/clients/${id}`)).statusCode).toBe(204);
    expect((await ask({}, `${id}:${secret}`)).error).toBe('invalid_client');
  });
});
