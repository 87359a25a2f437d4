import type { Jwks } from '../parse/jwks.ts';
import { parseTokenIssuer } from '../parse/token-issuer.ts';
import { describeProblems, type Parsed } from '../problem.ts';
import type { RawObject, TokenIssuer } from '../resources.ts';
import type { RequiredClaim } from '../schema/token-issuer.ts';
import { SERVICE_PLACEHOLDER } from '../vocabulary.ts';
import type { Refusal } from './refusal.ts';

/** What is known of one TokenIssuer. */
export interface IssuerState {
  readonly issuer: RawObject;
  /** Validated keys, the last good set; absent when there never was one. Inline keys may be left to the compiler. */
  readonly jwks?: Jwks;
  /** Why there is no (newer) key set, for the policy's status. */
  readonly problem?: string;
}

/** A TokenIssuer as one policy uses it: keys at hand, `{service}` replaced. */
export interface ResolvedIssuer {
  readonly name: string;
  readonly iss: string;
  readonly jwks: Jwks;
  readonly permissions: readonly string[];
  readonly roles: readonly string[];
  /** Without these a token of the issuer is none for a rule that needs one. */
  readonly requiredClaims: readonly RequiredClaim[];
}

export type Resolved =
  | { readonly ok: true; readonly issuers: readonly ResolvedIssuer[] }
  | { readonly ok: false; readonly refusal: Refusal };

interface Wanted {
  readonly service: string;
  readonly issuers?: readonly string[];
}

/** Finds the policy's issuers (or the default one), sorted by name so that the order in the policy changes nothing. */
export function resolveIssuers(wanted: Wanted, known: readonly IssuerState[]): Resolved {
  const named = wanted.issuers === undefined ? defaultIssuer(known) : namedIssuers(wanted.issuers, known);
  if (!named.ok) return named;
  const issuers: ResolvedIssuer[] = [];
  for (const state of named.states) {
    const resolved = resolve(state, wanted.service);
    if (!resolved.ok) return resolved;
    issuers.push(resolved.issuer);
  }
  return distinct(issuers.sort((a, b) => (a.name < b.name ? -1 : 1)));
}

type Found =
  | { readonly ok: true; readonly states: readonly IssuerState[] }
  | { readonly ok: false; readonly refusal: Refusal };

function namedIssuers(names: readonly string[], known: readonly IssuerState[]): Found {
  const states = known.filter(({ issuer }) => names.includes(issuer.metadata.name));
  const missing = names.find((name) => !states.some(({ issuer }) => issuer.metadata.name === name));
  if (missing === undefined) return { ok: true, states };
  const path = `spec.issuers[${names.indexOf(missing)}]`;
  return refused('IssuerNotFound', `${path}: there is no TokenIssuer ${missing}; create it or correct the name`);
}

function defaultIssuer(known: readonly IssuerState[]): Found {
  const states = known.filter(({ issuer }) => isDefault(issuer.spec));
  if (states.length === 1) return { ok: true, states };
  const names = states.map(({ issuer }) => issuer.metadata.name).sort();
  return states.length === 0
    ? refused('IssuerNotFound', 'spec.issuers: no TokenIssuer has spec.default: true; name an issuer, or mark one')
    : refused(
        'IssuerAmbiguous',
        `spec.issuers: ${names.join(' and ')} are both marked default; name an issuer, or unmark all but one`,
      );
}

/** Read without parsing: a default issuer that is broken is still the default, and is reported as broken. */
function isDefault(spec: unknown): boolean {
  return typeof spec === 'object' && spec !== null && Reflect.get(spec, 'default') === true;
}

function resolve(
  { issuer, jwks, problem }: IssuerState,
  service: string,
): { readonly ok: true; readonly issuer: ResolvedIssuer } | { readonly ok: false; readonly refusal: Refusal } {
  const { name } = issuer.metadata;
  const parsed = parsedIssuer(issuer);
  if (!parsed.ok) {
    return refused('IssuerNotReady', `TokenIssuer ${name} is invalid: ${describeProblems(parsed.problems, 1)}`);
  }
  const { spec } = parsed.value;
  const keys = jwks ?? spec.jwks;
  if (keys === undefined || keys.keys.length === 0) {
    const why = problem ?? 'its keys were not fetched yet';
    return refused('IssuerNotReady', `TokenIssuer ${name} has no keys: ${why}; see its Ready condition`);
  }
  const forService = (path: readonly string[]) => path.map((part) => part.replaceAll(SERVICE_PLACEHOLDER, service));
  const { issuer: iss, permissions, roles } = spec;
  const requiredClaims = spec.requiredClaims.map((claim) => ({ ...claim, path: forService(claim.path) }));
  const paths = { permissions: forService(permissions), roles: forService(roles) };
  return { ok: true, issuer: { name, iss, jwks: keys, ...paths, requiredClaims } };
}

/** Issuers are never mutated, and each is read once for every policy that uses it. */
const known = new WeakMap<RawObject, Parsed<TokenIssuer>>();

function parsedIssuer(issuer: RawObject): Parsed<TokenIssuer> {
  const parsed = known.get(issuer) ?? parseTokenIssuer(issuer);
  known.set(issuer, parsed);
  return parsed;
}

/** Two rules for one `iss` would let each token be read by either's claim paths. */
function distinct(issuers: readonly ResolvedIssuer[]): Resolved {
  const twin = issuers.find((one, index) => issuers.findIndex(({ iss }) => iss === one.iss) !== index);
  if (twin === undefined) return { ok: true, issuers };
  const names = issuers.filter(({ iss }) => iss === twin.iss).map(({ name }) => name);
  return refused('Invalid', `spec.issuers: ${names.join(' and ')} have the same spec.issuer; keep one of them`);
}

function refused(reason: Refusal['reason'], message: string) {
  return { ok: false, refusal: { reason, message } } as const;
}
