import { areTexts, type Claims } from './claim-values.ts';

/**
 * Whether the registered claims that are there have the types of RFC 7519 section 4.1. Envoy refuses other tokens everywhere, also where
 * none is needed; `iss` and what the times mean are for whoever verifies. A time may have a fraction, and is below 2^64.
 */
export function hasRegisteredTypes({ sub, jti, aud, exp, nbf, iat }: Claims): boolean {
  return isText(sub) && isText(jti) && isAudience(aud) && isTime(exp) && isTime(nbf) && isTime(iat);
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isAudience(value: unknown): boolean {
  return isText(value) || (Array.isArray(value) && areTexts(value));
}

function isTime(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && value >= 0 && value < 2 ** 64);
}
