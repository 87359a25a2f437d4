import type { Actor, AuditAction } from '../audit/audit.ts';

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
  /** Of the account that the hash was read with. */
  readonly version: number;
}

/** What an administrator may change. */
export type Profile = Pick<Account, 'email' | 'active' | 'roles' | 'permissions' | 'grants'>;

/**
 * What is revoked of what a user was issued:
 * - `tokens`: what they say is not true any more; the next ones of the same session say it right
 * - `sessions`: every session too, but the one that is kept
 */
export interface Revocation {
  readonly scope: 'tokens' | 'sessions';
  readonly keptSession?: string;
}

/** A decided change of one account. */
export interface AccountChange {
  readonly action: AuditAction;
  /** Undefined: the account is deleted. */
  readonly after: Profile | undefined;
  readonly passwordHash?: string;
  /** @default what follows from the difference */
  readonly revocation?: Revocation;
}

/** A revocation that is owed since its change was committed. */
export interface OwedRevocation extends Revocation {
  readonly id: string;
  readonly userId: string;
}

/** Which users to list; what is left out does not matter. */
export interface UserQuery {
  /** Normalised. */
  readonly emailPrefix?: string;
  readonly active?: boolean;
  readonly role?: string;
  /** Has a grant there, over or not. */
  readonly service?: string;
  /** Only users with a greater id. */
  readonly after?: string;
  readonly limit: number;
}

export interface ChangedAccount {
  /** As it is now; as it was when it was deleted. */
  readonly account: Account;
  /** Committed with the change; where nothing differs, with those before it that are not made yet. */
  readonly owed: readonly OwedRevocation[];
}

/** Accounts, wherever they are kept. Every method rejects with AuthError `unavailable` when that place is away. */
export interface AccountStore {
  /** @param email normalised */
  findCredentials(email: string): Promise<Credentials | undefined>;
  find(userId: string): Promise<Account | undefined>;
  /** The version of an active user: a cheap way to see that nothing has changed. */
  activeVersion(userId: string): Promise<number | undefined>;
  /** Whether anybody can make others administrators. */
  hasAdministrator(): Promise<boolean>;
  /** In the order of their ids. */
  list(query: UserQuery): Promise<readonly Account[]>;
  /** @throws AuthError `email_taken` */
  create(account: NewAccount, by: Actor): Promise<Account>;
  /**
   * `decide` sees the account while nobody else can change it. What it decides is written with its audit record and the
   * revocation that it owes, all or nothing; when nothing differs, nothing is. Undefined when there is no such user.
   * @throws AuthError `email_taken`, `last_administrator`, and what `decide` throws
   */
  change(userId: string, by: Actor, decide: (account: Account) => AccountChange): Promise<ChangedAccount | undefined>;
  /** Replaces a hash by another of the same password, unless the password was changed meanwhile. */
  rehash(userId: string, stored: string, hash: string): Promise<void>;
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
