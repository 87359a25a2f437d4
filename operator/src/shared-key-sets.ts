import { isRecord, type KubeObject } from '@sekisho/kube';
import { ofFewTexts } from './of-few-texts.ts';

/**
 * Of a RequestAuthentication all is kept, but each policy of an issuer holds the same key set as a text of its own, which is the larger
 * part of the object: here they share one.
 */
export function sharingKeySets(): (object: KubeObject) => KubeObject {
  const shared = ofFewTexts((text) => text);
  const sharedRule = (rule: unknown) =>
    isRecord(rule) && typeof rule['jwks'] === 'string' ? { ...rule, jwks: shared(rule['jwks']) } : rule;
  return (object) => {
    const { spec } = object;
    if (!isRecord(spec) || !Array.isArray(spec['jwtRules'])) return object;
    return { ...object, spec: { ...spec, jwtRules: spec['jwtRules'].map(sharedRule) } };
  };
}
