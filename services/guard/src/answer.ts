import type { DenialCode } from '@sekisho/policy';

/** Why a request does not pass; the codes of the HTTP surface. */
export const DENIALS = [
  'token_missing',
  'token_malformed',
  'token_expired',
  'token_invalid',
  'token_revoked',
  'session_expired',
  'audience_mismatch',
  'permission_missing',
  'caller_not_allowed',
  'csrf_refused',
  'route_unknown',
  'request_malformed',
  'request_too_large',
  'unavailable',
] as const;
export type Denial = (typeof DENIALS)[number];

/** Every code that decides is one that is answered. */
type Covered = DenialCode extends Denial ? true : never;
export const COVERED: Covered = true;

/** Who asked, by ids alone. */
export interface Asker {
  readonly user?: string;
  readonly session?: string;
}

export interface Allowed {
  readonly allowed: true;
  /** The header that replaces the one that came; `removed` takes away whatever came. */
  readonly authorization: string | 'removed' | 'kept';
  /** The cookies that the service gets in the place of those that came, perhaps none. @default those that came */
  readonly cookies?: string;
}

export interface Denied {
  readonly allowed: false;
  readonly status: number;
  readonly code: Denial;
  /** One sentence for the client, without anything that the request brought. */
  readonly detail: string;
  /** What only the log is told: names of the cluster that are nobody's business outside. */
  readonly note?: string;
  /** `namespace/name`. */
  readonly policy?: string;
  /** The rule that came nearest. */
  readonly rule?: string;
  /** Of 302: where a browser goes. */
  readonly location?: string;
  readonly asker?: Asker;
}

export type Answer = Allowed | Denied;

export const ANONYMOUS: Allowed = { allowed: true, authorization: 'removed' };
/** What came stays: at a hop, and at the auth service. */
export const PASSED: Allowed = { allowed: true, authorization: 'kept' };

const STATUS: Readonly<Record<Denial, number>> = {
  token_missing: 401,
  token_malformed: 401,
  token_expired: 401,
  token_invalid: 401,
  token_revoked: 401,
  session_expired: 401,
  audience_mismatch: 403,
  permission_missing: 403,
  caller_not_allowed: 403,
  csrf_refused: 403,
  route_unknown: 403,
  request_malformed: 400,
  request_too_large: 431,
  unavailable: 503,
};

export function denied(code: Denial, detail: string, more: Partial<Denied> = {}): Denied {
  return { allowed: false, status: STATUS[code], code, detail, ...more };
}

/** What a denial says at its least. */
export const DETAIL = {
  token_missing: 'a bearer token is needed',
  token_malformed: 'the bearer token is malformed',
  token_expired: 'the token is expired: get another one',
  token_invalid: 'the token is not accepted here',
  token_revoked: 'the token was revoked: log in again',
  session_expired: 'the session is over: log in again',
  audience_mismatch: 'the token grants nothing at this service',
  unavailable: 'what a decision needs does not answer right now: try again',
} as const satisfies Partial<Record<Denial, string>>;
