/** This service is an audience of its own tokens: who is granted it may use the administrators' API. */
export const AUDIENCE = 'auth';

/** What a user may do at one service. */
export interface Grant {
  readonly service: string;
  readonly permissions: readonly string[];
  /** Epoch seconds; from then on it counts for nothing. */
  readonly expires?: number;
}

export interface Account {
  readonly id: string;
  /** Normalised. */
  readonly email: string;
  readonly active: boolean;
  readonly roles: readonly string[];
  /** What the user may do anywhere, beside the grants for single services. */
  readonly permissions: readonly string[];
  readonly grants: readonly Grant[];
  /** Grows with each change. */
  readonly version: number;
}

export interface NewAccount extends Omit<Account, 'version'> {
  readonly passwordHash: string;
}

export interface Credentials {
  readonly userId: string;
  readonly passwordHash: string;
  readonly active: boolean;
}

/** Accounts, wherever they are kept. Every method rejects with AuthError `unavailable` when that place is away. */
export interface AccountStore {
  /** @param email normalised */
  findCredentials(email: string): Promise<Credentials | undefined>;
  find(userId: string): Promise<Account | undefined>;
  /** @throws AuthError `email_taken` */
  create(account: NewAccount): Promise<Account>;
  /** Replaces all grants; undefined when there is no such user. */
  replaceGrants(userId: string, grants: readonly Grant[]): Promise<Account | undefined>;
}

/**
 * One spelling for one mailbox. The local part is case-sensitive by RFC 5321 section 2.4, but no provider makes two
 * mailboxes of it, and people type either. Composed last: some letters have a composed form in lower case only.
 */
export function normaliseEmail(email: string): string {
  return email.toLowerCase().normalize('NFC');
}

/** The grants that count now, in the shape of the token's `services` claim. */
export function activeGrants(grants: readonly Grant[], now: Date): readonly Grant[] {
  const seconds = now.getTime() / 1000;
  return grants.filter((grant) => grant.expires === undefined || grant.expires > seconds);
}
