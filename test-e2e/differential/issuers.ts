import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Manifest } from '@sekisho/cdk8s';
import { API_VERSION, ISSUER_KIND } from '@sekisho/policy';

/** Who signs tokens; the tests hold the private key. */
export interface Issuer {
  readonly name: string;
  readonly iss: string;
  readonly kid: string;
  readonly key: KeyObject;
  readonly alg: 'ES256' | 'RS256';
  /** Its TokenIssuer. */
  readonly manifest: Manifest;
}

export const ISSUER_NAMES = ['differential-default', 'differential-scope', 'differential-named'] as const;
type Name = (typeof ISSUER_NAMES)[number];

/**
 * They read permissions and roles by default, from lists that spaces separate, and under names that are URLs; they require a claim to be there,
 * to have one of two values, and nothing.
 */
const PLANS: Readonly<Record<Name | 'stranger', Pick<Issuer, 'iss' | 'alg'> & { readonly claims: object }>> = {
  'differential-default': {
    iss: 'https://one.differential.test',
    alg: 'ES256',
    claims: { requiredClaims: [{ path: ['client_id'] }] },
  },
  'differential-scope': {
    iss: 'https://two.differential.test/',
    alg: 'RS256',
    claims: {
      ...{ permissions: ['scope'], roles: ['{service}', 'roles'] },
      requiredClaims: [{ path: ['typ'], anyOf: ['v1', 'v2'] }],
    },
  },
  'differential-named': {
    iss: 'three',
    alg: 'ES256',
    claims: { permissions: ['permission'], roles: ['https://claims.test/v1.0/roles'] },
  },
  stranger: { iss: 'https://stranger.differential.test', alg: 'ES256', claims: {} },
};

export type Issuers = Readonly<Record<Name | 'stranger', Issuer>>;

/** Issuers with new keys. Nobody knows the stranger. */
export function makeIssuers(): Issuers {
  return {
    'differential-default': makeIssuer('differential-default'),
    'differential-scope': makeIssuer('differential-scope'),
    'differential-named': makeIssuer('differential-named'),
    stranger: makeIssuer('stranger'),
  };
}

function makeIssuer(name: keyof typeof PLANS): Issuer {
  const { iss, alg, claims } = PLANS[name];
  const { publicKey, privateKey } = makeKeys(alg);
  const kid = `${name}-1`;
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }] };
  const spec = { issuer: iss, jwks, ...claims };
  return { name, iss, alg, kid, key: privateKey, manifest: manifest(name, spec) };
}

function manifest(name: string, spec: object): Manifest {
  return { apiVersion: API_VERSION, kind: ISSUER_KIND, metadata: { name }, spec };
}

export function makeKeys(alg: Issuer['alg']): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return alg === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
}

/** A compact JWS of any payload, under a true signature of the key. */
export function signToken(
  { alg, kid, key }: Omit<Issuer, 'kid'> & { kid?: string | undefined },
  payload: object,
): string {
  const input = [{ alg, kid, typ: 'JWT' }, payload].map(encoded).join('.');
  const how = alg === 'ES256' ? ({ key, dsaEncoding: 'ieee-p1363' } as const) : key;
  return `${input}.${sign('sha256', Buffer.from(input), how).toString('base64url')}`;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
