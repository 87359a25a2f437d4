import type { KubeObject } from '@sekisho/kube';
import { type PublicJwk, parseJwks } from '@sekisho/policy';
import { isRecord } from './resources.ts';

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

/** Every policy of an issuer holds the same text, but for a rotation: few texts are met again and again. */
const keysByText = new Map<string, readonly PublicJwk[]>();
const MAX_TEXTS = 64;
const MAX_TEXT_LENGTH = 65_536;

function keysIn(jwks: unknown): readonly PublicJwk[] {
  if (typeof jwks !== 'string') return [];
  const known = keysByText.get(jwks);
  if (known) return known;
  const parsed = parseJwks(decode(jwks));
  const keys = parsed.ok ? parsed.value.keys : [];
  if (keysByText.size >= MAX_TEXTS) keysByText.clear();
  if (jwks.length <= MAX_TEXT_LENGTH) keysByText.set(jwks, keys);
  return keys;
}

function decode(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Someone edited the object: it holds no key, and its repair is under way.
    return undefined;
  }
}
