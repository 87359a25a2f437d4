import type { Compiled } from '../compile/compile.ts';
import { canonicalJson } from '../compile/digest.ts';
import type { IstioObject } from '../resources.ts';
import { sameObject } from './holds.ts';

/**
 * The order in which objects are written, one API request after another, so that at no moment the workload lets a request through
 * that is refused both before and after:
 *
 * 1. The question to the guard, mTLS Strict, and a RequestAuthentication that drops a key, an issuer or an audience, or only
 *    begins to read tokens: all only close.
 *    (The guard is asked about every request with a token, whatever the rules, so a new question replaces an old one without a
 *    gap.) Dropping first also keeps a withdrawn key from meeting a newly loosened rule. What is added in the same step meets the
 *    old rules for a moment: a key can do no more than its predecessor could, and another audience, which the old ALLOW does not
 *    name, no more than no token at all. And where no token was read so far, a new ALLOW that asks for claims would deny everybody.
 * 2. The DENY guard. What a new guard lets through without a token still needs an ALLOW: the old one opens nothing to tokenless
 *    callers outside the old guard, and a foreign one opens no more than it will afterwards.
 * 3. ALLOW, replaced whole. On first creation nobody has a request principal yet, so it opens nothing but tokenless rules.
 * 4. A RequestAuthentication that only adds keys, and mTLS Permissive: both only open, to rules that are in force by now.
 *
 * What is no longer wanted (a lock, an obsolete guard, mTLS, the question) is removed after all of these.
 */
export function inSafeOrder(
  { check, deny, allow, jwt, mtls }: Compiled,
  owned: readonly IstioObject[],
): readonly IstioObject[] {
  const strict = mtls !== undefined && isStrict(mtls);
  const closes = closesFirst(jwt, owned);
  return [
    ...(check === undefined ? [] : [check]),
    ...(strict ? [mtls] : []),
    ...(closes ? [jwt] : []),
    ...(deny === undefined ? [] : [deny]),
    allow,
    ...(closes ? [] : [jwt]),
    ...(mtls === undefined || strict ? [] : [mtls]),
  ];
}

/** The question goes last: where it is gone before the DENY of what nobody was asked about, everything is denied for a moment. */
export function inSafeRemoval(obsolete: readonly IstioObject[]): readonly IstioObject[] {
  const isQuestion = ({ spec }: IstioObject) => spec['action'] === 'CUSTOM';
  return [...obsolete.filter((object) => !isQuestion(object)), ...obsolete.filter(isQuestion)];
}

function isStrict({ spec }: IstioObject): boolean {
  return canonicalJson(spec['mtls']) === '{"mode":"STRICT"}';
}

function closesFirst(jwt: IstioObject, owned: readonly IstioObject[]): boolean {
  const held = owned.find((object) => sameObject(object, jwt));
  if (held === undefined) return false;
  return dropsTrust(held, jwt) || (beginsToRead(held, jwt) && !dropsTrust(jwt, held));
}

/** True when tokens are read where the API server's object has rules that read none. */
function beginsToRead(held: IstioObject, next: IstioObject): boolean {
  const rules = rulesOf(held);
  return rules.length > 0 && !rules.some(readsAuthorization) && rulesOf(next).some(readsAuthorization);
}

function rulesOf({ spec }: IstioObject): readonly unknown[] {
  const rules = spec['jwtRules'];
  return Array.isArray(rules) ? rules : [];
}

/** By default a rule does. */
function readsAuthorization(rule: unknown): boolean {
  const { fromHeaders }: { fromHeaders?: unknown } = Object(rule);
  if (!Array.isArray(fromHeaders)) return true;
  return fromHeaders.some((header: unknown) => Reflect.get(Object(header), 'name') === 'Authorization');
}

/** True when a key that one trusts for an issuer and an audience is not trusted so by the next. */
function dropsTrust(held: IstioObject, next: IstioObject): boolean {
  const kept = new Set(trusted(next.spec['jwtRules']).map(({ key, audience }) => `${key} ${audience}`));
  return trusted(held.spec['jwtRules']).some(
    ({ key, audience }) => !kept.has(`${key} ${ANY_AUDIENCE}`) && !kept.has(`${key} ${audience}`),
  );
}

interface Trust {
  /** Issuer and key; what cannot be read counts as a key of its own, so replacing it comes first. */
  readonly key: string;
  readonly audience: string;
}

/** No audience of ours: a DNS label holds no star. */
const ANY_AUDIENCE = '*';

function trusted(rules: unknown): readonly Trust[] {
  if (!Array.isArray(rules)) return [];
  return rules.flatMap((rule: unknown) => {
    const { issuer, jwks, audiences }: { issuer?: unknown; jwks?: unknown; audiences?: unknown } = Object(rule);
    const named = Array.isArray(audiences) && audiences.length > 0 ? audiences.map(String) : [ANY_AUDIENCE];
    return readKeys(jwks).flatMap((key) => named.map((audience) => ({ key: canonicalJson([issuer, key]), audience })));
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
