import type { Claims } from './claim-values.ts';

/**
 * Whether the registered claims that are there have the types of RFC 7519 section 4.1. Envoy refuses other tokens everywhere, also where
 * none is needed; `iss` and what the times mean are for whoever verifies. A time may have a fraction, and is below 2^64.
 */
export function hasRegisteredTypes(claims: Claims): boolean {
  return TYPES.every(([name, fits]) => !Object.hasOwn(claims, name) || fits(claims[name]));
}

const TYPES: readonly (readonly [name: string, fits: (value: unknown) => boolean])[] = [
  ['sub', isText],
  ['jti', isText],
  ['aud', (value) => isText(value) || (Array.isArray(value) && value.every(isText))],
  ['exp', isTime],
  ['nbf', isTime],
  ['iat', isTime],
];

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value < 2 ** 64;
}
