import type { Compiled } from '../compile/compile.ts';
import { canonicalJson } from '../compile/digest.ts';
import type { IstioObject } from '../resources.ts';
import { sameObject } from './holds.ts';

/**
 * The order in which objects are written, one API request after another, so that at no moment the workload lets a request through
 * that is refused both before and after:
 *
 * 1. mTLS Strict, and a RequestAuthentication that drops a key or an issuer: both only close. Dropping first also keeps a withdrawn
 *    key from meeting a newly loosened rule; a key added in the same step can do no more than its predecessor could.
 * 2. The DENY guard. What a new guard lets through without a token still needs an ALLOW: the old one opens nothing to tokenless
 *    callers outside the old guard, and a foreign one opens no more than it will afterwards.
 * 3. ALLOW, replaced whole. On first creation nobody has a request principal yet, so it opens nothing but tokenless rules.
 * 4. A RequestAuthentication that only adds keys, and mTLS Permissive: both only open, to rules that are in force by now.
 *
 * What is no longer wanted (a lock, an obsolete guard, mTLS) is removed after all of these.
 */
export function inSafeOrder(
  { deny, allow, jwt, mtls }: Compiled,
  owned: readonly IstioObject[],
): readonly IstioObject[] {
  const strict = mtls !== undefined && isStrict(mtls);
  const drops = dropsTrust(jwt, owned);
  return [
    ...(strict ? [mtls] : []),
    ...(drops ? [jwt] : []),
    ...(deny === undefined ? [] : [deny]),
    allow,
    ...(drops ? [] : [jwt]),
    ...(mtls === undefined || strict ? [] : [mtls]),
  ];
}

function isStrict({ spec }: IstioObject): boolean {
  return canonicalJson(spec['mtls']) === '{"mode":"STRICT"}';
}

/** True when a key that the API server's object trusts for an issuer is missing from the new object. */
function dropsTrust(jwt: IstioObject, owned: readonly IstioObject[]): boolean {
  const held = owned.find((object) => sameObject(object, jwt));
  if (held === undefined) return false;
  const trusted = new Set(trustedKeys(jwt.spec['jwtRules']));
  return trustedKeys(held.spec['jwtRules']).some((key) => !trusted.has(key));
}

/** Issuer and key pairs; what cannot be read counts as a key of its own, so replacing it comes first. */
function trustedKeys(rules: unknown): readonly string[] {
  if (!Array.isArray(rules)) return [];
  return rules.flatMap((rule: unknown) => {
    const issuer: unknown = Reflect.get(Object(rule), 'issuer');
    return readKeys(Reflect.get(Object(rule), 'jwks')).map((key) => canonicalJson([issuer, key]));
  });
}

function readKeys(jwks: unknown): readonly unknown[] {
  try {
    const keys: unknown = Reflect.get(Object(JSON.parse(String(jwks))), 'keys');
    return Array.isArray(keys) ? keys : [jwks];
  } catch {
    return [jwks];
  }
}
