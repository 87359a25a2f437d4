import Type from 'typebox';
import { Value } from 'typebox/value';
import { type Parsed, type Problem, parsed } from '../problem.ts';
import { LIMIT } from '../vocabulary.ts';
import { at } from './field-path.ts';
import { keyProblems } from './jwk.ts';
import { shapeProblems } from './shape.ts';

/** Public members of one key (RFC 7517, 7518, 8037); nothing else is kept of what an issuer publishes. */
export interface PublicJwk {
  readonly kty: 'EC' | 'RSA' | 'OKP';
  readonly kid: string;
  readonly use: 'sig';
  readonly alg?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
}

export interface Jwks {
  readonly keys: readonly PublicJwk[];
}

const keySet = Type.Object({
  keys: Type.Array(Type.Record(Type.String(), Type.Unknown()), { minItems: 1, maxItems: LIMIT.keys }),
});

/**
 * Validates a key set as an issuer publishes it and keeps the public members of its signature keys, sorted by `kid`, so that
 * the order in which an issuer lists them changes nothing. Encryption keys (`use: enc`) are left out, as RFC 7517 section 5
 * asks; a private, symmetric, weak, unknown or unnamed key refuses the whole set.
 */
export function parseJwks(raw: unknown, path = 'jwks'): Parsed<Jwks> {
  const shape = shapeProblems(keySet, raw, path);
  if (!Value.Check(keySet, raw)) return { ok: false, problems: shape };
  const listed = raw.keys.map((key, index) => ({ key, path: at(path, 'keys', index) }));
  const signing = listed.filter(({ key }) => key['use'] !== 'enc');
  const keys = signing.map(({ key }) => publicMembers(key)).sort((a, b) => compare(a.kid, b.kid));
  return parsed({ keys }, [
    ...listed.flatMap(({ key, path: where }) => keyProblems(key, where)),
    ...(signing.length === 0 ? [noSigningKey(path)] : []),
    ...duplicateKids(
      signing.map(({ key }) => key['kid']),
      path,
    ),
  ]);
}

const PUBLIC_MEMBERS = ['kty', 'kid', 'alg', 'crv', 'x', 'y', 'n', 'e'] as const;

/** Sound only for a key without problems; the caller discards the result otherwise. */
function publicMembers(key: Readonly<Record<string, unknown>>): PublicJwk {
  const members = PUBLIC_MEMBERS.filter((name) => key[name] !== undefined).map((name) => [name, key[name]]);
  return { ...(Object.fromEntries(members) as Omit<PublicJwk, 'use'>), use: 'sig' };
}

function noSigningKey(path: string): Problem {
  return { path, code: 'Missing', message: 'holds no signature key', hint: 'publish a key with use: sig' };
}

function duplicateKids(kids: readonly unknown[], path: string): readonly Problem[] {
  return kids.some((kid, index) => kids.indexOf(kid) !== index)
    ? [{ path, code: 'Duplicate', message: 'uses a kid twice', hint: 'give every key its own kid' }]
    : [];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
