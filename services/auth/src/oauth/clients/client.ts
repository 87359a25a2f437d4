import type { Grant } from '../../accounts/account.ts';
import type { OwedByName } from '../../accounts/revocation-outbox.ts';
import type { Actor } from '../../audit/audit.ts';

export const GRANT_TYPES = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:token-exchange',
] as const;
export type GrantType = (typeof GRANT_TYPES)[number];

/** How a client proves who it is; `none` is a public client (RFC 6749 section 2.1), which proves it by PKCE alone. */
export const AUTH_METHODS = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;
export type AuthMethod = (typeof AUTH_METHODS)[number];

/** Public key of a client, as RFC 7517 spells it. Keys are kept with the client: nothing is fetched from its hosts. */
export interface ClientKey {
  readonly kty: 'EC' | 'RSA' | 'OKP';
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: 'sig';
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
}

export interface NewClient {
  readonly id: string;
  /** What people are shown. */
  readonly name: string;
  /**
   * One of our own applications: nobody is asked for consent, and its tokens carry all that their user may do. The
   * tokens of any other carry at most `grants`, and neither roles nor platform-wide permissions.
   */
  readonly firstParty: boolean;
  readonly authMethod: AuthMethod;
  readonly grantTypes: readonly GrantType[];
  /** Compared exactly (RFC 9700 section 2.1), but for the port of a loopback address (RFC 8252 section 7.3). */
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly backchannelLogoutUri?: string;
  /** For `private_key_jwt`. */
  readonly keys?: readonly ClientKey[];
  /** What it may do for itself (client credentials), and at most for users. */
  readonly grants: readonly Grant[];
}

export interface OAuthClient extends NewClient {
  /** Grows with each change. */
  readonly version: number;
}

/** A client as it is authenticated. */
export interface ClientCredentials extends OAuthClient {
  /** SHA-256 in base64url of each secret that is valid now. */
  readonly secretHashes: readonly string[];
}

export interface NewSecret {
  /** SHA-256 in base64url. */
  readonly hash: string;
  /** For how long those that are valid now stay so, while clients are told the new one. */
  readonly overlapSeconds: number;
}

export interface ClientChange {
  readonly by: Actor;
  /** Asked where nobody else can write: throws for a client, as it is, that they may not change. */
  readonly assertMay: (client: OAuthClient) => void;
}

/**
 * Clients, wherever they are kept. A change is written with its audit record, all or nothing; when nothing differs,
 * nothing is. Every method rejects with AuthError `unavailable` when that place is away.
 */
export interface ClientStore {
  find(id: string): Promise<ClientCredentials | undefined>;
  /** By id. @param after the last id of the page before */
  list(after: string | undefined, limit: number): Promise<readonly OAuthClient[]>;
  /** @throws AuthError `client_taken` */
  create(client: NewClient, secretHash: string | undefined, by: Actor): Promise<OAuthClient>;
  /** @returns undefined when there is no such client. @throws AuthError `version_conflict` when it has another version */
  replace(client: OAuthClient, change: ClientChange): Promise<OAuthClient | undefined>;
  /** @returns whether there is such a client */
  addSecret(id: string, secret: NewSecret, change: ClientChange): Promise<boolean>;
  /** @returns the revocation of what was issued to it, committed with the removal and not made yet; undefined when there was none */
  remove(id: string, by: Actor): Promise<OwedByName | undefined>;
}
