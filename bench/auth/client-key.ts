import { createPrivateKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** The key of a client that authenticates with `private_key_jwt` (RFC 7523). */
export class ClientKey {
  readonly publicJwk: object;
  readonly #privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

  constructor() {
    const { d: _, ...publicJwk } = createPrivateKey(this.#privateKey.export({ format: 'pem', type: 'pkcs8' })).export({
      format: 'jwk',
    });
    this.publicJwk = { ...publicJwk, alg: 'ES256', use: 'sig', kid: 'bench' };
  }

  /** The parameters that authenticate one request: an assertion works once. */
  assertion(clientId: string, audience: string): Readonly<Record<string, string>> {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: clientId, sub: clientId, aud: audience, jti: randomUUID(), iat: now, exp: now + 60 };
    const input = `${encode({ alg: 'ES256', kid: 'bench' })}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(input), { key: this.#privateKey, dsaEncoding: 'ieee-p1363' });
    const assertion = `${input}.${signature.toString('base64url')}`;
    return { client_assertion_type: ASSERTION_TYPE, client_assertion: assertion };
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
