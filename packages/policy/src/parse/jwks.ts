import Type from 'typebox';
import { type Parsed, type Problem, parsed } from '../problem.ts';
import { LIMIT } from '../vocabulary.ts';
import { at } from './field-path.ts';
import { nameProblems, type RawKey, secretProblems, type Unusable, unusable } from './jwk.ts';
import { shapeOf, shapeProblems } from './shape.ts';

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
  /** Published keys that were passed over, counted by reason; absent when there were none. */
  readonly ignored?: readonly IgnoredKeys[];
}

export interface IgnoredKeys {
  readonly reason: Unusable;
  readonly count: number;
}

const keySet = shapeOf(
  Type.Object({
    keys: Type.Array(Type.Record(Type.String(), Type.Unknown()), { minItems: 1, maxItems: LIMIT.keys }),
  }),
);

/**
 * Validates a key set as an issuer publishes it and keeps the public members of the keys that verify tokens, sorted by `kid`, so
 * that the order in which an issuer lists them changes nothing. Other keys are counted and passed over (RFC 7517 section 5). A
 * private or symmetric key refuses the whole set, and so do a usable key without a `kid` of its own and the lack of any.
 */
export function parseJwks(raw: unknown, path = 'jwks'): Parsed<Jwks> {
  if (!keySet.fits(raw)) return { ok: false, problems: shapeProblems(keySet, raw, path) };
  const listed = raw.keys.map((key, index) => ({ key, path: at(path, 'keys', index), fault: unusable(key) }));
  const usable = listed.filter(({ fault }) => fault === undefined);
  const keys = usable.map(({ key }) => publicMembers(key)).sort((a, b) => compare(a.kid, b.kid));
  const ignored = counted(listed.flatMap(({ fault }) => fault ?? []));
  const secrets = listed.flatMap(({ key, path: where }) => secretProblems(key, where));
  return parsed({ keys, ...(ignored.length > 0 && { ignored }) }, [
    ...secrets,
    ...usable.flatMap(({ key, path: where }) => nameProblems(key, where)),
    // Of a set that gives its private key away, that is the thing to say.
    ...(usable.length === 0 && secrets.length === 0 ? [noUsableKey(path, ignored)] : []),
    ...duplicateKids(
      usable.map(({ key }) => key['kid']),
      path,
    ),
  ]);
}

/** "1 of an unknown kty, 2 not for signatures": in words, without anything that the keys hold. */
export function describeIgnored(ignored: readonly IgnoredKeys[]): string {
  return ignored.map(({ reason, count }) => `${count} ${reason}`).join(', ');
}

function counted(reasons: readonly Unusable[]): readonly IgnoredKeys[] {
  return [...new Set(reasons)]
    .sort(compare)
    .map((reason) => ({ reason, count: reasons.filter((other) => other === reason).length }));
}

const PUBLIC_MEMBERS = ['kty', 'kid', 'alg', 'crv', 'x', 'y', 'n', 'e'] as const;

/** Sound only for a key without problems; the caller discards the result otherwise. */
function publicMembers(key: RawKey): PublicJwk {
  const members = PUBLIC_MEMBERS.filter((name) => key[name] !== undefined).map((name) => [name, key[name]]);
  return { ...(Object.fromEntries(members) as Omit<PublicJwk, 'use'>), use: 'sig' };
}

function noUsableKey(path: string, ignored: readonly IgnoredKeys[]): Problem {
  const message = `holds no key that verifies tokens (${describeIgnored(ignored)})`;
  const hint =
    'publish an EC key on P-256, P-384 or P-521, an RSA key of 2048 bits or more, or an Ed25519 key, for use: sig';
  return { path, code: 'Missing', message, hint };
}

function duplicateKids(kids: readonly unknown[], path: string): readonly Problem[] {
  return kids.some((kid, index) => kids.indexOf(kid) !== index)
    ? [{ path, code: 'Duplicate', message: 'uses a kid twice', hint: 'give every key its own kid' }]
    : [];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
