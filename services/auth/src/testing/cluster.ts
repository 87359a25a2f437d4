import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { type ClusterKeys, createClusterKeys } from '../exchange/cluster-keys.ts';

export const CLUSTER_ISSUER = 'https://kubernetes.default.svc.cluster.local';

interface ClusterKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

export function clusterKey(): ClusterKey {
  return { kid: randomUUID(), privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey };
}

export function publicJwk({ kid, privateKey }: ClusterKey) {
  return { ...createPublicKey(privateKey).export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' };
}

/** A cluster that signs ServiceAccount tokens, as its API server does. */
export class FakeCluster {
  key = clusterKey();
  published = [this.key];
  readonly clock: () => Date;

  constructor(clock: () => Date) {
    this.clock = clock;
  }

  keys(): ClusterKeys {
    return createClusterKeys({
      read: async () => ({ issuer: CLUSTER_ISSUER, jwks: { keys: this.published.map(publicJwk) } }),
      monotonic: () => this.clock().getTime(),
      onError: (error) => {
        throw error;
      },
    });
  }

  /** A projected token; claims and header fields given replace its own. */
  async token(
    serviceAccount: string,
    claims: Readonly<Record<string, unknown>> = {},
    header: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    const now = Math.floor(this.clock().getTime() / 1000);
    const payload = {
      iss: CLUSTER_ISSUER,
      sub: `system:serviceaccount:shop:${serviceAccount}`,
      aud: ['sekisho'],
      iat: now,
      nbf: now,
      exp: now + 3_607,
      jti: randomUUID(),
      'kubernetes.io': {
        namespace: 'shop',
        pod: { name: `${serviceAccount}-0`, uid: randomUUID() },
        serviceaccount: { name: serviceAccount, uid: randomUUID() },
      },
      ...claims,
    };
    const { kid, privateKey } = this.key;
    return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid, ...header }).sign(privateKey);
  }
}
