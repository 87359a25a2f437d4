import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { decodeProtectedHeader } from 'jose';
import { describe, expect, test } from 'vitest';
import { TokenError } from './errors.ts';
import { generateSigningKey } from './keys.ts';
import { type AccessGrant, createMinter, MAX_ACCESS_TOKEN_LENGTH, MAX_TOKEN_LENGTH } from './mint.ts';

const key = await generateSigningKey();
const now = new Date('2026-01-02T03:04:05.678Z');
const minter = createMinter({ issuer: 'https://auth.test', key: () => key, clock: () => now, uuid: () => 'uuid-1' });
const mint = minter.access;

const grant: AccessGrant = {
  subject: 'user-1',
  clientId: 'web',
  audience: ['bucket'],
  user: { id: 'user-1', email: 'a@example.org', roles: ['admin', 'member'], permissions: [] },
  services: { bucket: { permissions: ['bucket:read'], expires: 2_000_000_000 } },
  session: { id: 's-1', device: 'd-1', ip: '127.0.0.1' },
  lifetimeSeconds: 900,
};

describe('mint', () => {
  test('writes the unified shape, with times in whole seconds and the list of roles', async () => {
    const { token, claims } = await mint(grant);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: key.kid });
    expect(claims).toEqual({
      iss: 'https://auth.test',
      sub: 'user-1',
      aud: ['bucket'],
      iat: 1_767_323_045,
      nbf: 1_767_323_045,
      exp: 1_767_323_945,
      jti: 'uuid-1',
      client_id: 'web',
      user: { ...grant.user, roleList: 'admin,member' },
      services: grant.services,
      session: grant.session,
    });
  });

  test('ends a token with the first of its grants, which Envoy does not look at', async () => {
    const services = { a: { permissions: [], expires: 1_767_323_300 }, b: { permissions: [], expires: 1_767_323_200 } };
    expect((await mint({ ...grant, services })).claims.exp).toBe(1_767_323_200);
  });

  test('refuses a control character or a lone surrogate in any string', async () => {
    const character = fc.constantFrom('\r', '\n', '\0', '\u001f', '\u007f', '\u0085', '\ud800');
    const place = fc.constantFrom<(text: string) => Partial<AccessGrant>>(
      (text) => ({ subject: text }),
      (text) => ({ clientId: text }),
      (text) => ({ audience: [text] }),
      (text) => ({ user: { id: text, roles: [], permissions: [] } }),
      (text) => ({ user: { id: 'u', email: text, roles: [], permissions: [] } }),
      (text) => ({ user: { id: 'u', roles: [text], permissions: [] } }),
      (text) => ({ user: { id: 'u', roles: [], permissions: [text] } }),
      (text) => ({ services: { [text]: { permissions: [] } } }),
      (text) => ({ services: { bucket: { permissions: [text] } } }),
      (text) => ({ session: { id: text } }),
      (text) => ({ session: { id: 's', device: text } }),
      (text) => ({ session: { id: 's', ip: text } }),
    );
    await fc.assert(
      fc.asyncProperty(place, character, async (put, bad) => {
        await expect(mint({ ...grant, ...put(`a${bad}b`) })).rejects.toMatchObject({ code: 'claims_invalid' });
      }),
    );
  });

  test.each(['a,b', 'a b', 'a\tb', ' ', ''])('refuses the role name %j', async (role) => {
    const user = { id: 'u', roles: [role], permissions: [] };
    await expect(mint({ ...grant, user })).rejects.toMatchObject({ code: 'claims_invalid' });
  });

  test('refuses more roles, permissions or audiences than the bound', async () => {
    const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);
    const user = { id: 'u', roles: [], permissions: [] };
    for (const wide of [
      { user: { ...user, roles: names(65) } },
      { user: { ...user, permissions: names(129) } },
      { audience: names(65) },
      { audience: [] },
    ]) {
      await expect(mint({ ...grant, ...wide })).rejects.toMatchObject({ code: 'claims_invalid' });
    }
  });

  test('refuses a token longer than services can read as headers', async () => {
    const permissions = Array.from({ length: 40 }, (_, index) => `${'p'.repeat(100)}${index}`);
    const wide = mint({ ...grant, services: { bucket: { permissions } } });
    await expect(wide).rejects.toMatchObject({ code: 'claims_too_large' });
    await expect(wide).rejects.toThrow(String(MAX_ACCESS_TOKEN_LENGTH));
  });

  test('keeps the scope in the access token, and out of what is derived from it', async () => {
    const { claims } = await mint({ ...grant, scope: 'openid email' });
    expect(claims.scope).toBe('openid email');
    expect((await minter.narrow(claims, 'bucket')).claims).not.toHaveProperty('scope');
    const actor = { actor: 'system:serviceaccount:shop:bucket', service: 'user', grant: { permissions: [] } };
    expect((await minter.delegated(claims, actor)).claims).not.toHaveProperty('scope');
  });

  test('leaves room for what is derived: whoever logs in with the longest token gets through the edge', async () => {
    const { access, narrow } = createMinter({
      issuer: 'https://auth.test',
      key: () => key,
      clock: () => now,
      uuid: randomUUID,
    });
    const permissions = Array.from({ length: 26 }, (_, index) => `${index}`.padEnd(90, 'p'));
    let longest = await access(grant);
    for (let length = 1; length <= 128; length += 1) {
      const services = { bucket: { permissions: [...permissions, 'p'.repeat(length)] } };
      longest = await access({ ...grant, services }).catch(() => longest);
    }
    expect(longest.token.length).toBeGreaterThan(MAX_ACCESS_TOKEN_LENGTH - 8);
    expect((await narrow(longest.claims, 'bucket')).token.length).toBeLessThanOrEqual(MAX_TOKEN_LENGTH);
  });

  test('names the claim and never its value', async () => {
    const refused = mint({ ...grant, user: { id: 'u', email: 'hunter2\n', roles: [], permissions: [] } });
    await expect(refused).rejects.toThrow('/user/email');
    await expect(refused).rejects.not.toThrow('hunter2');
    await expect(refused).rejects.toBeInstanceOf(TokenError);
  });
});
