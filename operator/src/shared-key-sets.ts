import type { KubeObject } from '@sekisho/kube';
import { isRecord } from './resources.ts';

/** Texts at a time: those of a few issuers, before and after a rotation. */
const MAX_TEXTS = 64;
const MAX_LENGTH = 65_536;

/**
 * Of a RequestAuthentication all is kept, but each policy of an issuer holds the same key set as a text of its own, which is the larger
 * part of the object: here they share one.
 */
export function sharingKeySets(): (object: KubeObject) => KubeObject {
  const texts = new Map<string, string>();
  const shared = (text: string) => {
    const known = texts.get(text);
    if (known !== undefined || text.length > MAX_LENGTH) return known ?? text;
    if (texts.size >= MAX_TEXTS) texts.clear();
    texts.set(text, text);
    return text;
  };
  const sharedRule = (rule: unknown) =>
    isRecord(rule) && typeof rule['jwks'] === 'string' ? { ...rule, jwks: shared(rule['jwks']) } : rule;
  return (object) => {
    const { spec } = object;
    if (!isRecord(spec) || !Array.isArray(spec['jwtRules'])) return object;
    return { ...object, spec: { ...spec, jwtRules: spec['jwtRules'].map(sharedRule) } };
  };
}
