import type { ConfidentialClient } from './platform.ts';

/** What the process with the bare oidc-provider is told. */
export interface ProviderOrder {
  readonly port: number;
  readonly secretClient: ConfidentialClient;
  readonly keyClient: { readonly id: string; readonly key: object };
}

/** Of the one service that its tokens are for. */
export const RESOURCE = 'https://bucket.example';
/** How many refresh tokens it begins with. */
export const CHAINS = 200;
