import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AccessClaims, type Actor, MAX_ACTORS, type ServiceGrant } from './claims.ts';
import type { Delegation } from './downscope.ts';
import { TokenError } from './errors.ts';
import { generateSigningKey } from './keys.ts';
import { createMinter } from './mint.ts';

const NOW = 1_800_000_000;
const key = await generateSigningKey();
const minter = createMinter({
  issuer: 'https://auth.test',
  key: () => key,
  clock: () => new Date(NOW * 1000),
  uuid: () => 'uuid-new',
});

const name = fc.constantFrom('a', 'b', 'c', 'd', 'constructor');
const names = fc.uniqueArray(name, { maxLength: 4 });
const near = fc.integer({ min: NOW - 100, max: NOW + 1_000 });
const grant: fc.Arbitrary<ServiceGrant> = fc.record(
  { permissions: names, expires: near },
  { requiredKeys: ['permissions'] },
);
const actor: fc.Arbitrary<Actor> = fc
  .array(name, { minLength: 1, maxLength: MAX_ACTORS })
  .map((subs) => subs.reduceRight<Actor | undefined>((act, sub) => ({ sub, ...(act && { act }) }), undefined))
  .map((act) => act ?? { sub: 'a' });
const claims: fc.Arbitrary<AccessClaims> = fc.record(
  {
    iss: fc.constant('https://auth.test'),
    sub: fc.uuid(),
    aud: fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
    iat: fc.constant(NOW - 100),
    nbf: fc.constant(NOW - 100),
    exp: near,
    jti: fc.uuid(),
    origin_jti: fc.uuid(),
    client_id: name,
    user: fc.record({ id: fc.uuid(), roles: names, roleList: fc.constant('a'), permissions: names }),
    services: fc.dictionary(name, grant, { maxKeys: 4 }),
    session: fc.record({ id: fc.uuid() }),
    act: actor,
  },
  { requiredKeys: ['iss', 'sub', 'aud', 'iat', 'nbf', 'exp', 'jti', 'client_id', 'services'] },
);
const delegation: fc.Arbitrary<Delegation> = fc.record(
  { actor: fc.constant('system:serviceaccount:shop:bucket'), service: name, grant, notAfter: near },
  { requiredKeys: ['actor', 'service', 'grant'] },
);

const base: AccessClaims = {
  iss: 'https://auth.test',
  sub: 'u',
  aud: ['a', 'b'],
  iat: NOW,
  nbf: NOW,
  exp: NOW + 900,
  jti: 'parent',
  client_id: 'web',
  services: { a: { permissions: ['x', 'y'] }, b: { permissions: ['z'], expires: NOW + 10 }, c: { permissions: ['x'] } },
};

/** What both kinds keep as it is. */
const kept = ({ sub, client_id, user, session }: AccessClaims) => ({ sub, client_id, user, session });

describe('a narrow token', () => {
  test('never holds more, lives longer, or is meant for more services than the token it comes from', async () => {
    let minted = 0;
    const check = fc.asyncProperty(claims, name, async (from, service) => {
      const grant = Object.hasOwn(from.services, service) ? from.services[service] : undefined;
      const narrow = await minter.narrow(from, service).then((made) => made.claims, refusal);
      if (typeof narrow === 'string') {
        const grants = grant !== undefined && from.aud.includes(service) && (grant.expires ?? NOW + 1) > NOW;
        expect(narrow).toBe(from.exp <= NOW - 60 ? 'token_expired' : grants || 'audience_mismatch');
        return;
      }
      minted += 1;
      expect(from.aud).toContain(service);
      expect(narrow.aud).toEqual([service]);
      expect(narrow.services).toEqual({ [service]: from.services[service] });
      const ends = [NOW + 300, from.exp, from.services[service]?.expires ?? Number.POSITIVE_INFINITY];
      expect(narrow.exp).toBe(Math.min(...ends));
      expect(kept(narrow)).toEqual(kept(from));
      expect(narrow.act).toEqual(from.act);
      expect(narrow).toMatchObject({ iat: NOW, nbf: NOW, jti: 'uuid-new', origin_jti: from.origin_jti ?? from.jti });
    });
    await fc.assert(check, { numRuns: 500 });
    expect(minted).toBeGreaterThan(50);
  });

  test('is made of what the token grants, with its end', async () => {
    const { claims: narrow } = await minter.narrow(base, 'b');
    expect(narrow).toMatchObject({ aud: ['b'], exp: NOW + 10, origin_jti: 'parent' });
    expect((await minter.narrow(base, 'a')).claims.exp).toBe(NOW + 300);
  });

  test.each(['c', 'unknown', '__proto__', 'toString'])(
    'is refused for %s, which the token is not meant for',
    async (to) => {
      await expect(minter.narrow(base, to)).rejects.toMatchObject({ code: 'audience_mismatch' });
    },
  );

  test('is refused from the second at which the grant ends', async () => {
    const over = { ...base, services: { a: { permissions: ['x'], expires: NOW } } };
    await expect(minter.narrow(over, 'a')).rejects.toMatchObject({ code: 'audience_mismatch' });
  });
});

test('nothing is derived from a token that names no client, by which services know what an access token is', async () => {
  const { client_id: _, ...nameless } = base;
  const derived = [
    minter.narrow(nameless, 'a'),
    minter.delegated(nameless, { actor: 'w1', service: 'd', grant: { permissions: ['x'] } }),
  ];
  for (const one of derived) await expect(one).rejects.toMatchObject({ code: 'claims_invalid' });
});

describe('a delegated token', () => {
  test('never holds more, lives longer, or is meant for more services than what it rests on', async () => {
    let minted = 0;
    const check = fc.asyncProperty(claims, delegation, async (subject, by) => {
      const made = await minter.delegated(subject, by).then((result) => result.claims, refusal);
      const own = Object.hasOwn(subject.services, by.service) ? subject.services[by.service] : undefined;
      const ends = [by.grant.expires, own?.expires].map((end) => end ?? Number.POSITIVE_INFINITY);
      if (typeof made === 'string') {
        const refused =
          Math.min(...ends) <= NOW ? 'audience_mismatch' : depth(subject.act) >= MAX_ACTORS && 'chain_too_long';
        expect(made).toBe(subject.exp <= NOW - 60 ? 'token_expired' : refused);
        return;
      }
      minted += 1;
      expect(made.aud).toEqual([by.service]);
      expect(Object.keys(made.services)).toEqual([by.service]);
      const permissions = made.services[by.service]?.permissions ?? [];
      const both = by.grant.permissions.filter((one) => own === undefined || own.permissions.includes(one));
      expect([...permissions].sort()).toEqual([...both].sort());
      expect(made.exp).toBe(Math.min(NOW + 300, subject.exp, by.notAfter ?? Number.POSITIVE_INFINITY, ...ends));
      expect(kept(made)).toEqual(kept(subject));
      expect(made.act).toEqual({ sub: by.actor, ...(subject.act && { act: subject.act }) });
    });
    await fc.assert(check, { numRuns: 500 });
    expect(minted).toBeGreaterThan(50);
  });

  test('names its actors, the latest outermost, up to the bound', async () => {
    let subject = base;
    for (let call = 1; call <= MAX_ACTORS; call += 1) {
      const by = { actor: `w${call}`, service: 'd', grant: { permissions: ['x'] } };
      subject = (await minter.delegated(subject, by)).claims;
    }
    expect(subject.act).toEqual({ sub: 'w4', act: { sub: 'w3', act: { sub: 'w2', act: { sub: 'w1' } } } });
    expect(subject.origin_jti).toBe('parent');
    const oneMore = minter.delegated(subject, { actor: 'w5', service: 'd', grant: { permissions: [] } });
    await expect(oneMore).rejects.toMatchObject({ code: 'chain_too_long' });
  });
});

describe('a service token', () => {
  const workload = 'system:serviceaccount:shop:bucket';

  test('is for a workload itself, at one service, for five minutes or until the grant ends', async () => {
    const own = { workload, service: 'user', grant: { permissions: ['user:read'] } };
    expect((await minter.service(own)).claims).toEqual({
      iss: 'https://auth.test',
      sub: workload,
      client_id: workload,
      aud: ['user'],
      iat: NOW,
      nbf: NOW,
      exp: NOW + 300,
      jti: 'uuid-new',
      services: { user: { permissions: ['user:read'] } },
    });
    const ending = { ...own, grant: { permissions: [], expires: NOW + 5 } };
    expect((await minter.service(ending)).claims.exp).toBe(NOW + 5);
    const over = { ...own, grant: { permissions: [], expires: NOW } };
    await expect(minter.service(over)).rejects.toMatchObject({ code: 'audience_mismatch' });
  });

  test('fits the longest name that Kubernetes allows', async () => {
    const longest = `system:serviceaccount:${'n'.repeat(63)}:${'s'.repeat(253)}`;
    const { claims: made } = await minter.service({ workload: longest, service: 'user', grant: { permissions: [] } });
    expect(made.sub).toBe(longest);
  });
});

function refusal(error: unknown): string {
  if (error instanceof TokenError) return error.code;
  throw error;
}

function depth(act: Actor | undefined): number {
  return act === undefined ? 0 : 1 + depth(act.act);
}
