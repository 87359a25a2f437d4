import type { PresentedToken } from '@sekisho/policy';
import { type Defect, SERVICE, type TriedToken } from './case.ts';
import { type Issuer, type Issuers, makeKeys, signToken } from './issuers.ts';
import { tokenIn } from './token-in.ts';

/** A token as it goes out, and what a verifier must find. */
export interface MadeToken {
  readonly authorization: readonly string[];
  /** Undefined: Envoy must see none. */
  readonly presented: PresentedToken | undefined;
}

export interface TokenContext {
  readonly issuers: Issuers;
  readonly service: string;
  /** Of the policy: who verifies knows the keys of no other. */
  readonly named: readonly string[];
  /** Epoch seconds. */
  readonly now: number;
}

const FOREIGN = { ES256: makeKeys('ES256').privateKey, RS256: makeKeys('RS256').privateKey } as const;

export function makeToken(tried: TriedToken, context: TokenContext): MadeToken {
  const issuer = context.issuers[tried.issuer];
  const claims = payloadOf(tried, issuer, context);
  const text = textOf(tried.defect, claims, { issuer, issuers: context.issuers });
  const authorization = tried.sent.map((value) => value.replaceAll('T', () => text));
  const found = tokenIn(authorization);
  if (found === undefined) return { authorization, presented: undefined };
  // What is not exactly the token is no JWT.
  if (found !== text) return { authorization, presented: refused('token_malformed') };
  const isExpiredOfAnother = tried.defect === 'expired' && !context.named.includes(tried.issuer);
  return { authorization, presented: isExpiredOfAnother ? refused('token_invalid') : verified(tried.defect, claims) };
}

/** What the issuers of these trials require. */
const OF_ACCESS = { client_id: 'v1', typ: 'v1' };

function payloadOf({ defect, claims, kind }: TriedToken, { iss }: Issuer, { service, now }: TokenContext) {
  const times = {
    ...(defect !== 'no exp' && { exp: now + 3_600 }),
    // Envoy allows a minute: far enough from both ends for a machine that stands still for a while.
    ...(defect === 'just expired' && { exp: now - 5 }),
    ...(defect === 'expired' && { exp: now - 3_600 }),
    ...(defect === 'not yet' && { nbf: now + 3_600 }),
  };
  const named: Record<string, unknown> = JSON.parse(JSON.stringify(claims).replaceAll(SERVICE, service));
  const required = kind === 'id' ? {} : OF_ACCESS;
  return { iss, sub: 'alice', aud: [service], iat: now, ...required, ...times, ...named };
}

function textOf(
  defect: Defect | undefined,
  claims: object,
  { issuer, issuers }: { readonly issuer: Issuer; readonly issuers: Issuers },
): string {
  switch (defect) {
    case 'no JWT':
      return 'abc.def';
    case 'foreign key':
      return signToken({ ...issuer, key: FOREIGN[issuer.alg] }, claims);
    case 'key of another issuer':
      return signToken(issuer.name === 'stranger' ? issuer : issuers.stranger, claims);
    case 'unknown kid':
      return signToken({ ...issuer, kid: 'unknown' }, claims);
    case 'no kid':
      return signToken({ ...issuer, kid: undefined }, claims);
    case 'no signature':
      return signToken(issuer, claims).replace(/[^.]*$/, '');
    default:
      return signToken(issuer, claims);
  }
}

function verified(defect: Defect | undefined, claims: Readonly<Record<string, unknown>>): PresentedToken {
  switch (defect) {
    case undefined:
    case 'no exp':
    case 'just expired':
    case 'no kid':
      return { state: 'verified', claims };
    case 'expired':
      return refused('token_expired');
    case 'no JWT':
      return refused('token_malformed');
    case 'not yet':
    case 'foreign key':
    case 'key of another issuer':
    case 'unknown kid':
    case 'no signature':
      return refused('token_invalid');
  }
}

function refused(code: 'token_malformed' | 'token_expired' | 'token_invalid'): PresentedToken {
  return { state: 'refused', code };
}
