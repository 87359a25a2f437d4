import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdentityError } from './errors.ts';
import { readCaller } from './read-caller.ts';
import { tokenHeaders } from './testing.ts';

const NAMES = [
  'authorization',
  'x-jwt-payload',
  'x_jwt_payload',
  'x-user-id',
  'x-user-roles',
  'x-user-info',
  'x-forwarded-client-cert',
] as const;

const headerBag = (value: fc.Arbitrary<string | string[]>) =>
  fc.dictionary(fc.constantFrom<string>(...NAMES), value, { maxKeys: NAMES.length });

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
const texts = fc.array(text, { maxLength: 6 });

test('any headers give a caller or an IdentityError, and never a user without a token that matches', () => {
  const { authorization, 'x-jwt-payload': payload } = tokenHeaders({ aud: 'bucket', user: { id: 'u1' } });
  const value = fc.oneof(fc.string(), fc.array(fc.string()), fc.constantFrom(payload, authorization, `${payload},`));
  fc.assert(
    fc.property(headerBag(value), (headers) => {
      const matching = headers['authorization'] === authorization && headers['x-jwt-payload'] === payload;
      try {
        expect(readCaller(headers, { service: 'bucket' }).kind === 'user').toBe(matching);
      } catch (error) {
        expect(error).toBeInstanceOf(IdentityError);
      }
    }),
  );
});

test('a payload of any JSON gives a whole caller or an IdentityError', () => {
  const claims = fc.dictionary(fc.constantFrom('user', 'services', 'session', 'act', 'sub', 'iss'), fc.jsonValue());
  fc.assert(
    fc.property(claims, (payload) => {
      try {
        const caller = readCaller(tokenHeaders({ ...payload, aud: 'bucket' }), { service: 'bucket' });
        expect(caller.kind === 'anonymous').toBe(false);
      } catch (error) {
        expect(error).toBeInstanceOf(IdentityError);
      }
    }),
  );
});

test('what the minter writes is what the service reads, in every script', () => {
  const minted = fc.record({ id: text, email: text, roles: texts, permissions: texts, session: text });
  fc.assert(
    fc.property(minted, ({ id, email, roles, permissions, session }) => {
      const headers = tokenHeaders({
        sub: id,
        aud: ['bucket'],
        user: { id, email, roles, roleList: roles.join(',') },
        services: { bucket: { permissions } },
        session: { id: session },
      });
      const expected = { kind: 'user', id, email, roles, permissions, session: { id: session } };
      expect(readCaller(headers, { service: 'bucket' })).toMatchObject(expected);
    }),
  );
});
