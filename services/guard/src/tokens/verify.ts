import { type AccessClaims, ANY_AUDIENCE, createVerifier, createVerifyCache, TokenError } from '@sekisho/tokens';
import type { KeySource } from '../keys/key-source.ts';
import type { ExternalIssuer, Target } from '../routes/destination.ts';
import { type Credential, externalCredential, platformCredential } from './credential.ts';
import { createExternalVerifier, type ExternalClaims } from './external.ts';
import { unverifiedPayload } from './unverified.ts';

export interface VerifyOptions {
  /** `iss` of the platform's tokens. */
  readonly platformIssuer: string;
  readonly keys: Pick<KeySource, 'accessJwks'>;
  readonly clock: () => Date;
  /** Verified tokens that are remembered, of each issuer. @default 50_000 */
  readonly maxTokens?: number;
}

/** Rejects with TokenError `token_malformed`, `token_expired` or `token_invalid`. */
export type VerifyForTarget = (token: string, target: Pick<Target, 'external'>) => Promise<Credential>;

const MAX_TOKENS = 50_000;

/** Verifies a token from outside: one of the platform, or one of another issuer that the policy of the target takes. */
export function createVerifyForTarget(options: VerifyOptions): VerifyForTarget {
  const platform = platformVerifier(options);
  const external = externalVerifiers(options);
  return (token, target) => {
    // Without other issuers there is nothing to choose, and nothing to decode.
    const issuer = target.external.size === 0 ? undefined : issuerOf(token, target.external);
    return issuer === undefined ? platform(token) : external(token, issuer);
  };
}

function platformVerifier({ platformIssuer, keys, clock, maxTokens = MAX_TOKENS }: VerifyOptions) {
  const jwks = () => keys.accessJwks;
  const credentialOf = remembering<AccessClaims>(platformCredential);
  const verify = createVerifyCache({
    verify: createVerifier({ issuer: platformIssuer, audience: ANY_AUDIENCE, jwks, clock }),
    jwks,
    clock,
    maxEntries: maxTokens,
  });
  return async (token: string) => credentialOf(await verify(token), token);
}

interface Known {
  readonly issuer: ExternalIssuer;
  readonly verify: (token: string) => Promise<Credential>;
}

/** One verifier for each issuer that is asked for, made anew when its keys are others. */
function externalVerifiers({ clock, maxTokens = MAX_TOKENS }: VerifyOptions) {
  const known = new Map<string, Known>();
  const make = (issuer: ExternalIssuer): Known => {
    const { name, iss, jwks } = issuer;
    const credentialOf = remembering<ExternalClaims>((claims, token) => externalCredential(claims, token, name));
    const verify = createVerifyCache({
      verify: createExternalVerifier({ issuer: iss, jwks, clock }),
      jwks: () => jwks,
      clock,
      maxEntries: maxTokens,
    });
    return { issuer, verify: async (token) => credentialOf(await verify(token), token) };
  };
  return (token: string, issuer: ExternalIssuer) => {
    let one = known.get(issuer.name);
    if (one === undefined || one.issuer.jwks !== issuer.jwks || one.issuer.iss !== issuer.iss) {
      one = make(issuer);
      known.set(issuer.name, one);
    }
    return one.verify(token);
  };
}

/** The cache hands out the same claims for the same token: what is made of them hangs on that object. */
function remembering<C extends object>(make: (claims: C, token: string) => Credential) {
  const known = new WeakMap<C, Credential>();
  return (claims: C, token: string): Credential => {
    let credential = known.get(claims);
    if (credential === undefined) {
      credential = make(claims, token);
      known.set(claims, credential);
    }
    return credential;
  };
}

/** @throws TokenError `token_malformed` */
function issuerOf(token: string, external: Target['external']): ExternalIssuer | undefined {
  const payload = unverifiedPayload(token);
  if (payload === undefined) throw new TokenError('token_malformed', 'the token is not a JWT');
  return typeof payload['iss'] === 'string' ? external.get(payload['iss']) : undefined;
}
