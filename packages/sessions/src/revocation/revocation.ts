/** What can be named by itself: its entry refuses it for as long as it may live, or come back. */
export const NAMED_KINDS = ['token', 'session', 'key'] as const;
/** What goes on after a revocation: an entry refuses what was issued up to a moment, so that a new log-in works. */
export const DATED_KINDS = ['user', 'device', 'client', 'all', 'logout'] as const;
export const REVOCATION_KINDS = [...NAMED_KINDS, ...DATED_KINDS] as const;

export type NamedKind = (typeof NAMED_KINDS)[number];
export type DatedKind = (typeof DATED_KINDS)[number];
export type RevocationKind = (typeof REVOCATION_KINDS)[number];

/**
 * What is to be refused from now on.
 * - `token`: one token and what was derived from it, by `jti` or `origin_jti`
 * - `session`: by `session.id`; whoever destroys a session revokes it first, so that none that comes back is good for anything
 * - `key`: by `kid`, whatever else the token says
 * - `user`, `device`, `client`: by `sub` or `user.id`, `session.device`, `client_id`
 * - `all`: every token
 * - `logout`: nothing by itself. It asks the other regions to end the sessions of a user that began there, of which this one
 *   may not know, but for `except`. Without regions there is nobody to ask, and nothing is written
 *
 * `exp`, in epoch seconds, is when the token ends; known, it ends the entry as early as possible.
 *
 * `issuedBefore` is in epoch seconds, as `iat` is, and includes that whole second: a token minted in the second of a
 * revocation may be older than it, so it is refused. @default now
 *
 * Where there are regions, what is revoked now is refused by each region's own clock, up to when that region heard of it. A moment
 * that is given is a time of day, the same for all of them.
 */
export type Revocation =
  | { readonly kind: 'token'; readonly id: string; readonly exp?: number }
  | { readonly kind: 'session' | 'key'; readonly id: string }
  | { readonly kind: 'user' | 'device' | 'client'; readonly id: string; readonly issuedBefore?: number }
  | { readonly kind: 'all'; readonly issuedBefore?: number }
  | { readonly kind: 'logout'; readonly id: string; readonly except?: string | undefined };

/** A dated entry of a region, by what makes it one of several of the same name. */
export interface Asked {
  readonly region: string;
  /** Epoch seconds of that region's clock. */
  readonly issuedBefore: number;
}

/** A revocation as Redis keeps it and readers apply it. */
export interface RevocationEntry {
  readonly kind: RevocationKind;
  /** `*` for the kind `all`. */
  readonly id: string;
  /** Epoch seconds, inclusive; on dated kinds, and only there. */
  readonly issuedBefore?: number;
  /** The region whose clock `issuedBefore` is of, and whose tokens it is about. @default every token, by whatever clock */
  readonly region?: string;
  /** What this entry answers: `region` has heard of it, and refuses by its own `issuedBefore` what it had issued until then. */
  readonly answers?: Asked;
  /** Of a log-out: the session that goes on. */
  readonly except?: string;
  /** Milliseconds since the epoch; from then on nothing is left that it could refuse. */
  readonly until: number;
}

export const EVERYTHING = '*';

export function isDated(kind: RevocationKind): kind is DatedKind {
  return DATED_KINDS.some((dated) => dated === kind);
}

export function isRevocationKind(text: string): text is RevocationKind {
  return REVOCATION_KINDS.some((kind) => kind === text);
}
