import type { Jwks, SigningKey } from '@sekisho/tokens';
import type { Provider } from 'oidc-provider';
import { type TellLogout, takeOverBackchannelLogout } from './backchannel/teller.ts';
import { createProvider, type ProviderOptions } from './provider.ts';

/** The issuer's keys, which change while the process runs: asked for at each request. */
export interface LiveKeys {
  /** Both throw AuthError `unavailable` while the latest keys may not be known. */
  readonly active: SigningKey;
  readonly published: Jwks;
}

export interface LiveProvider {
  readonly provider: Provider;
  /** Answers a request. */
  readonly handle: ReturnType<Provider['callback']>;
  readonly tellLogout: TellLogout;
}

/**
 * oidc-provider takes its keys once. It keeps nothing between requests that is not in Redis or PostgreSQL, so another
 * one takes its place when the keys change, while requests in flight end with theirs.
 */
export function createLiveProvider(options: ProviderOptions, keys: LiveKeys): () => LiveProvider {
  let current: (LiveProvider & { readonly names: string }) | undefined;
  return () => {
    const { active, published } = keys;
    const names = [active, ...published.keys].map(({ kid }) => kid).join(' ');
    if (current?.names !== names) {
      const provider = createProvider(options, { active, published: published.keys });
      const tellLogout = takeOverBackchannelLogout(provider);
      current = { names, provider, handle: provider.callback(), tellLogout };
    }
    return current;
  };
}
