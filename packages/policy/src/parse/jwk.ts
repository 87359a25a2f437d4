import type { Problem, ProblemCode } from '../problem.ts';
import { LIMIT } from '../vocabulary.ts';
import { at } from './field-path.ts';

type RawKey = Readonly<Record<string, unknown>>;

// RFC 7518 sections 6.2.2, 6.3.2 and 6.4: members that only a private or symmetric key has.
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const BASE64URL = /^[A-Za-z0-9_-]+$/;
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;

/** Coordinate length in base64url characters, and the algorithm, of each curve that Envoy verifies with. */
const EC_CURVE: Readonly<Record<string, { readonly length: number; readonly alg: string }>> = {
  'P-256': { length: 43, alg: 'ES256' },
  'P-384': { length: 64, alg: 'ES384' },
  'P-521': { length: 88, alg: 'ES512' },
};
const RSA_ALG = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];

/** Problems of one key as published. No message repeats a member's value. */
export function keyProblems(key: RawKey, path: string): readonly Problem[] {
  const secret = PRIVATE_MEMBERS.find((name) => key[name] !== undefined);
  if (secret !== undefined || key['kty'] === 'oct') {
    const hint = 'publish the public key only, and replace this one: it is no longer secret';
    return [{ path, code: 'PrivateKey', message: 'is a private or symmetric key', hint }];
  }
  if (key['use'] === 'enc') return [];
  return [...nameProblems(key, path), ...materialProblems(key, path)];
}

function nameProblems(key: RawKey, path: string): readonly Problem[] {
  const kid = key['kid'];
  if (typeof kid !== 'string' || kid === '' || kid.length > LIMIT.value) {
    return [fault(at(path, 'kid'), 'Missing', 'is needed to tell keys apart', `set 1 to ${LIMIT.value} characters`)];
  }
  if (key['use'] !== undefined && key['use'] !== 'sig') {
    return [fault(at(path, 'use'), 'BadValue', 'must be sig', 'leave it out or write sig')];
  }
  return [];
}

function materialProblems(key: RawKey, path: string): readonly Problem[] {
  switch (key['kty']) {
    case 'EC':
      return ecProblems(key, path);
    case 'RSA':
      return rsaProblems(key, path);
    case 'OKP':
      return okpProblems(key, path);
    default:
      return [fault(at(path, 'kty'), 'BadValue', 'must be EC, RSA or OKP', 'publish a key of a known type')];
  }
}

function ecProblems(key: RawKey, path: string): readonly Problem[] {
  const { crv } = key;
  const curve = typeof crv === 'string' && Object.hasOwn(EC_CURVE, crv) ? EC_CURVE[crv] : undefined;
  if (curve === undefined) return [fault(at(path, 'crv'), 'BadValue', 'must be P-256, P-384 or P-521', 'change it')];
  return [
    ...['x', 'y'].flatMap((name) => sizeProblems(key[name], curve.length, at(path, name))),
    ...algProblems(key['alg'], [curve.alg], path),
  ];
}

function okpProblems(key: RawKey, path: string): readonly Problem[] {
  if (key['crv'] !== 'Ed25519') return [fault(at(path, 'crv'), 'BadValue', 'must be Ed25519', 'change it')];
  return [...sizeProblems(key['x'], 43, at(path, 'x')), ...algProblems(key['alg'], ['EdDSA'], path)];
}

function rsaProblems(key: RawKey, path: string): readonly Problem[] {
  const { n, e } = key;
  // Leading zeros (`A`) make a modulus no stronger.
  const significant = typeof n === 'string' && BASE64URL.test(n) ? n.replace(/^A+/, '') : '';
  const bits = Math.floor((significant.length * 6) / 8) * 8;
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
    const message = `must be a modulus of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits in base64url`;
    return [fault(at(path, 'n'), 'BadValue', message, 'use a key of a sound size')];
  }
  const exponent = typeof e === 'string' && BASE64URL.test(e) && e.length <= 8;
  return [
    ...(exponent ? [] : [fault(at(path, 'e'), 'BadValue', 'must be an exponent in base64url', 'use AQAB')]),
    ...algProblems(key['alg'], RSA_ALG, path),
  ];
}

function sizeProblems(member: unknown, length: number, path: string): readonly Problem[] {
  if (typeof member === 'string' && member.length === length && BASE64URL.test(member)) return [];
  return [fault(path, 'BadValue', `must be ${length} characters of base64url`, 'publish the whole key')];
}

function algProblems(alg: unknown, allowed: readonly string[], path: string): readonly Problem[] {
  if (alg === undefined || (typeof alg === 'string' && allowed.includes(alg))) return [];
  return [fault(at(path, 'alg'), 'BadValue', `must be ${allowed.join(' or ')}`, 'leave it out or correct it')];
}

function fault(path: string, code: ProblemCode, message: string, hint: string): Problem {
  return { path, code, message, hint };
}
