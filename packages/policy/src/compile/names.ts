import { digest } from './digest.ts';

/** What a generated object is for; part of its name. */
export type Role = 'deny' | 'allow' | 'jwt' | 'mtls' | 'check' | 'lock';

const MAX_LABEL = 63;
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/**
 * `bucket` and `allow` give `bucket-allow-6f1c2a`: a DNS label that depends on nothing else. The digest keeps clear of names that
 * people choose. A policy name that had to be cut or freed of dots gets a digest twice as long, because then the digest alone
 * tells two policies apart.
 */
export function objectName(policy: string, role: Role): string {
  const hash = digest(`${policy}/${role}`);
  const whole = `${policy}-${role}-${hash.slice(-6)}`;
  if (whole.length <= MAX_LABEL && DNS_LABEL.test(policy)) return whole;
  const tail = `-${role}-${hash.slice(-12)}`;
  const stem = policy.replaceAll('.', '-').slice(0, MAX_LABEL - tail.length);
  return stem.replace(/-+$/, '') + tail;
}

/** The policy's name as a label value, or a digest of it where it is longer than a label value may be. */
export function policyLabel(policy: string): string {
  return policy.length <= MAX_LABEL ? policy : digest(policy);
}
