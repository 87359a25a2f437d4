import { createLocalJWKSet, type JWTVerifyGetKey } from 'jose';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { AuthError } from '../errors.ts';

/** Whose ServiceAccount tokens are believed: the cluster's issuer and its public keys. */
export interface ClusterIssuer {
  readonly issuer: string;
  readonly keys: JWTVerifyGetKey;
}

/** Both reject with AuthError `unavailable` while no keys are known that are young enough. */
export interface ClusterKeys {
  current(): Promise<ClusterIssuer>;
  /** Reads again for a key that is not among the current ones, but not more often than every few seconds. */
  refreshed(): Promise<ClusterIssuer>;
}

export interface ClusterKeysOptions {
  /** Reads the issuer and its key set from where they are published. */
  readonly read: () => Promise<PublishedKeys>;
  /** Milliseconds, monotonic. */
  readonly monotonic: () => number;
  readonly onError: (error: unknown) => void;
}

export interface PublishedKeys {
  readonly issuer: string;
  /** JSON. */
  readonly jwks: unknown;
}

const READ_AGAIN_MS = 5 * 60_000;
/** API servers are away for minutes; keys that were taken out of use must not be believed for ever. */
const BELIEVED_MS = 60 * 60_000;
const BETWEEN_READS_MS = 5_000;

export function createClusterKeys({ read, monotonic, onError }: ClusterKeysOptions): ClusterKeys {
  let known: { readonly cluster: ClusterIssuer; readonly readAt: number } | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function readOnce(): Promise<void> {
    triedAt = monotonic();
    try {
      known = { cluster: toIssuer(await read()), readAt: triedAt };
    } catch (error) {
      onError(error);
    }
  }
  async function readAgain(): Promise<void> {
    if (reading === undefined && monotonic() - triedAt < BETWEEN_READS_MS) return;
    reading ??= readOnce().finally(() => {
      reading = undefined;
    });
    await reading;
  }
  const believed = (): ClusterIssuer => {
    if (known !== undefined && monotonic() - known.readAt < BELIEVED_MS) return known.cluster;
    throw new AuthError('unavailable', 'the keys of the cluster are not known', { retryAfter: 5 });
  };

  return {
    async current() {
      if (known === undefined || monotonic() - known.readAt >= READ_AGAIN_MS) await readAgain();
      return believed();
    },
    async refreshed() {
      await readAgain();
      return believed();
    },
  };
}

const Text = (maxLength: number) => Type.String({ minLength: 1, maxLength });
const PublicKeys = Compile(
  Type.Object({
    keys: Type.Array(
      Type.Union([
        Type.Object({ kty: Type.Literal('RSA'), kid: Text(256), n: Text(1024), e: Text(16) }),
        Type.Object({ kty: Type.Literal('EC'), kid: Text(256), crv: Text(16), x: Text(128), y: Text(128) }),
      ]),
      { minItems: 1, maxItems: 32 },
    ),
  }),
);

function toIssuer({ issuer, jwks }: PublishedKeys): ClusterIssuer {
  if (issuer === '' || !PublicKeys.Check(jwks)) {
    throw new AuthError('unavailable', 'what the cluster publishes is no set of RSA and EC keys with an issuer');
  }
  return { issuer, keys: createLocalJWKSet({ keys: jwks.keys.map((key) => ({ ...key })) }) };
}
