import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { PublicJwk, SigningKey } from '@sekisho/tokens';
import { ExternalSigningKey } from 'oidc-provider';

/** A key of ours as oidc-provider takes one: it asks us to sign, and never holds the private half. */
class PublishedKey extends ExternalSigningKey {
  readonly #jwk: PublicJwk;

  constructor(jwk: PublicJwk) {
    super();
    this.#jwk = jwk;
  }

  override get kid(): string {
    return this.#jwk.kid;
  }

  override get alg(): string {
    return this.#jwk.alg;
  }

  override keyObject(): KeyObject {
    return createPublicKey({ key: { ...this.#jwk }, format: 'jwk' });
  }

  override sign(_data: Uint8Array): Uint8Array {
    throw new TypeError('only the active key signs');
  }
}

class ActiveKey extends PublishedKey {
  readonly #privateKey: KeyObject;

  constructor({ publicJwk, privateKey }: SigningKey) {
    super(publicJwk);
    this.#privateKey = privateKey;
  }

  /** RFC 7518 section 3.4 wants r and s side by side, not in DER. */
  override sign(data: Uint8Array): Uint8Array {
    return sign('sha256', data, { key: this.#privateKey, dsaEncoding: 'ieee-p1363' });
  }
}

/** The active key first: oidc-provider signs with the first that fits. The others verify hints of earlier id tokens. */
export function toProviderKeys(active: SigningKey, published: readonly PublicJwk[]): ExternalSigningKey[] {
  const others = published.filter(({ kid }) => kid !== active.kid);
  return [new ActiveKey(active), ...others.map((jwk) => new PublishedKey(jwk))];
}
