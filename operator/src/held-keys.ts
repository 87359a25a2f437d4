import { isRecord, type KubeObject } from '@sekisho/kube';
import { type PublicJwk, parseJwks } from '@sekisho/policy';
import { ofFewTexts } from './of-few-texts.ts';

/** Objects of the cache are frozen and replaced as a whole, so what was read of one stays true. */
const keysByObject = new WeakMap<KubeObject, ReadonlyMap<unknown, readonly PublicJwk[]>>();

/** The keys that a RequestAuthentication holds for an issuer: one list, or none when it does not take its tokens. */
export function heldKeys(object: KubeObject, iss: unknown): readonly (readonly PublicJwk[])[] {
  const known = keysByObject.get(object) ?? readKeys(object);
  keysByObject.set(object, known);
  const keys = known.get(iss);
  return keys ? [keys] : [];
}

function readKeys({ spec }: KubeObject): ReadonlyMap<unknown, readonly PublicJwk[]> {
  const rules = isRecord(spec) && Array.isArray(spec['jwtRules']) ? spec['jwtRules'].filter(isRecord) : [];
  return new Map(rules.map((rule) => [rule['issuer'], keysIn(rule['jwks'])]));
}

function keysIn(jwks: unknown): readonly PublicJwk[] {
  return typeof jwks === 'string' ? keysOf(jwks) : [];
}

const keysOf = ofFewTexts((jwks): readonly PublicJwk[] => {
  const parsed = parseJwks(decode(jwks));
  return parsed.ok ? parsed.value.keys : [];
});

function decode(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Someone edited the object: it holds no key, and its repair is under way.
    return undefined;
  }
}
