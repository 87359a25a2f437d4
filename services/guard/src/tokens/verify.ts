import {
  ANY_AUDIENCE,
  assertB64Token,
  createVerifier,
  createVerifyCache,
  TokenError,
  type VerifyCache,
} from '@sekisho/tokens';
import type { KeySource } from '../keys/key-source.ts';
import { assertTold } from '../keys/told-keys.ts';
import type { ExternalIssuer, Target } from '../routes/destination.ts';
import { type Credential, externalCredential, platformCredential } from './credential.ts';
import { createExternalVerifier } from './external.ts';
import { unverifiedPayload } from './unverified.ts';

export interface VerifyOptions {
  /** `iss` of the platform's tokens. */
  readonly platformIssuer: string;
  readonly keys: Pick<KeySource, 'accessJwks'>;
  readonly clock: () => Date;
  /** Verified tokens that are remembered, of each issuer. @default 20_000 */
  readonly maxTokens?: number;
}

/**
 * At once for what was verified before. Throws and rejects with TokenError `token_malformed`, `token_expired` or `token_invalid`, and with
 * GuardError `keys_missing` before there are keys of the platform.
 */
export type VerifyForTarget = (token: string, target: Pick<Target, 'external'>) => Credential | Promise<Credential>;

const MAX_TOKENS = 20_000;

/** Verifies a token from outside, or any other text: one of the platform, or one of another issuer that the policy of the target takes. */
export function createVerifyForTarget(options: VerifyOptions): VerifyForTarget {
  const platform = platformVerifier(options);
  const external = externalVerifiers(options);
  return (token, target) => {
    const known = platform.known(token);
    if (known !== undefined) return known;
    assertB64Token(token);
    // Without other issuers there is nothing to choose, and nothing to decode.
    const issuer = target.external.size === 0 ? undefined : issuerOf(token, target.external);
    if (issuer === undefined) return platform.verify(token);
    const cache = external(issuer);
    return cache.known(token) ?? cache.verify(token);
  };
}

function platformVerifier({ platformIssuer, keys, clock, maxTokens }: VerifyOptions): VerifyCache<Credential> {
  const jwks = () => keys.accessJwks;
  const verify = createVerifier({ issuer: platformIssuer, audience: ANY_AUDIENCE, jwks, clock });
  return createVerifyCache({
    ...{ jwks, clock, maxEntries: maxTokens ?? MAX_TOKENS },
    async verify(token) {
      assertTold(keys.accessJwks);
      return platformCredential(await verify(token), token);
    },
  });
}

interface Known {
  readonly issuer: ExternalIssuer;
  readonly cache: VerifyCache<Credential>;
}

/** One verifier for each issuer that is asked for, made anew when its keys are others. */
function externalVerifiers({ clock, maxTokens = MAX_TOKENS }: VerifyOptions) {
  const known = new Map<string, Known>();
  const make = (issuer: ExternalIssuer): Known => {
    const { name, iss, jwks } = issuer;
    const verify = createExternalVerifier({ issuer: iss, jwks, clock });
    const cache = createVerifyCache({
      ...{ jwks: () => jwks, clock, maxEntries: maxTokens },
      verify: async (token) => externalCredential(await verify(token), token, name),
    });
    return { issuer, cache };
  };
  return (issuer: ExternalIssuer): VerifyCache<Credential> => {
    let one = known.get(issuer.name);
    if (one === undefined || one.issuer.jwks !== issuer.jwks || one.issuer.iss !== issuer.iss) {
      one = make(issuer);
      known.set(issuer.name, one);
    }
    return one.cache;
  };
}

/** @throws TokenError `token_malformed` */
function issuerOf(token: string, external: Target['external']): ExternalIssuer | undefined {
  const payload = unverifiedPayload(token);
  if (payload === undefined) throw new TokenError('token_malformed', 'the token is not a JWT');
  return typeof payload['iss'] === 'string' ? external.get(payload['iss']) : undefined;
}
