import { type decide, meshPath } from '@sekisho/policy';
import type { RevocationReader } from '@sekisho/sessions';
import { bearerText, TokenError } from '@sekisho/tokens';
import { ANONYMOUS, type Answer, type Asker, DETAIL, denied, PASSED } from '../answer.ts';
import type { BrowserTokens } from '../browser/browser-tokens.ts';
import { GuardError } from '../errors.ts';
import type { Target } from '../routes/destination.ts';
import type { Routed } from '../routes/routed.ts';
import type { Routing } from '../routes/routing.ts';
import { andThen, orElse, type Soon } from '../soon.ts';
import type { Credential } from '../tokens/credential.ts';
import type { Narrow } from '../tokens/narrow.ts';
import type { VerifyForTarget } from '../tokens/verify.ts';
import { withoutOwnCookies } from './backend-cookies.ts';
import { browserCookies, decideByCookie } from './by-cookie.ts';
import { type CheckRequest, isPreflight } from './check-request.ts';
import { towardsLogIn } from './log-in-redirect.ts';
import type { SessionCheck } from './session-check.ts';

export interface EdgeParts {
  readonly routing: Pick<Routing, 'find'>;
  readonly verify: VerifyForTarget;
  readonly revocations: Pick<RevocationReader, 'check'>;
  /** Whether what is revoked is known well enough. */
  readonly knowsRevocations: () => boolean;
  readonly checkSession: SessionCheck;
  /** The decision function of policies. */
  readonly decide: typeof decide;
  readonly narrow: Narrow;
  readonly browser: BrowserTokens;
  /** Where people without a session are led; undefined for nowhere. */
  readonly loginPath: string | undefined;
}

/**
 * What the Gateway does with a request: the whole of it, in order. Nothing here opens what the mesh would close: the Gateway's and the service's own
 * policies decide again, by the token that this puts in place.
 *
 * Throws and rejects only with what is a defect.
 */
export function decideEdge(parts: EdgeParts, request: CheckRequest): Soon<Answer> {
  if (meshPath(request.path) !== request.path) return AMBIGUOUS;
  const routed = parts.routing.find(request, request);
  // Nothing reads them there, but where the Gateway's proxy has another route by now.
  if (routed.kind === 'gateway') return withoutOwnCookies(ANONYMOUS, request.header('cookie'));
  if (routed.kind !== 'target') return unrouted(routed);
  const { target, path } = routed;
  return andThen(decideTarget(parts, { target, request, path }), (answer) => {
    if (!answer.allowed) return towardsLogIn(answer, request, parts.loginPath);
    // Its pages set them, and end what they stand for.
    return target.isAuth ? answer : withoutOwnCookies(answer, request.header('cookie'));
  });
}

interface Asked {
  readonly target: Target;
  readonly request: CheckRequest;
  /** As the service sees it. */
  readonly path: string;
}

function decideTarget(parts: EdgeParts, asked: Asked): Soon<Answer> {
  const { target, request } = asked;
  // Asks on behalf of a page what it may ask later; the answer is the service's, which sees nobody.
  if (isPreflight(request)) return ANONYMOUS;
  const cookies = browserCookies(request);
  const anonymously = () => decideAnonymous(parts, asked);
  // Whatever the auth service opens to everybody, the log-in page for one, it judges by the cookie itself.
  if (cookies.length === 0 || (target.isAuth && anonymously().allowed)) {
    return decideByToken(parts, asked, () => presentedToken(request.authorization));
  }
  const byToken = (token: string) => decideByToken(parts, asked, () => token);
  return decideByCookie(parts.browser, { cookies, request }, { byToken, anonymously });
}

/** @param present the token; undefined for none, or throws TokenError */
function decideByToken(parts: EdgeParts, asked: Asked, present: () => string | undefined): Soon<Answer> {
  const { target } = asked;
  let credential: Credential | undefined;
  const decided = (): Soon<Answer> => {
    const token = present();
    if (token === undefined) return decideWithoutToken(parts, asked);
    return andThen(parts.verify(token, target), (verified) => {
      credential = verified;
      return decideVerified(parts, { token, credential, target, request: asked.request, path: asked.path });
    });
  };
  return orElse(decided, (error) => fromError(error, target, credential));
}

function decideVerified(parts: EdgeParts, verified: Exchange): Soon<Answer> {
  const { credential, target, request } = verified;
  const revoked = refused(parts, credential, target);
  if (revoked !== undefined) return revoked;
  const answer = andThen(
    parts.checkSession(credential, target, request),
    (refusal) => refusal ?? exchange(parts, verified),
  );
  // What was known at once left a revocation no time to come.
  if (!(answer instanceof Promise)) return answer;
  // A store that is slow does, and what is handed out is good for minutes.
  return answer.then((given) => (given.allowed ? (refused(parts, credential, target) ?? given) : given));
}

/**
 * Of a path like `/a/%2e%2e;b` the Gateway's proxy makes one that the service's proxy normalises once more: the route, the rules
 * here and those at the service would be about different paths.
 */
const AMBIGUOUS = denied('request_malformed', 'the path can be read in two ways: send it without dot segments');

interface Exchange extends Asked {
  readonly token: string;
  readonly credential: Credential;
}

/** By the target's rules, and then with a token for the target alone. */
function exchange(parts: EdgeParts, exchanged: Exchange): Soon<Answer> {
  const { token, credential, target, request, path } = exchanged;
  const asked = { method: request.method, path, port: target.port };
  const verified = { state: 'verified', claims: claimsAt(target, credential) } as const;
  const decision = parts.decide(target.decision, asked, { caller: target.caller, token: verified });
  if (!decision.allowed) {
    // Who is logged in for other services is nobody here: what is open to everybody is open to them, too.
    const anybody = decision.code === 'audience_mismatch' ? decideAnonymous(parts, exchanged) : undefined;
    return anybody?.allowed === true ? anybody : fromDecision(decision, target, askerOf(credential));
  }
  if (target.exchanged.has(credential.iss)) return andThen(parts.narrow(credential, target), allowedWith);
  // That of a cookie is for every service: as it is, only who made it may have it.
  if (request.authorization === undefined && !target.isAuth) {
    throw new TokenError('audience_mismatch', 'the token cannot be exchanged for this service');
  }
  // Written out even where it stays: of several headers, or several tokens in one, the service sees one.
  return allowedWith(`Bearer ${token}`);
}

function allowedWith(authorization: string): Answer {
  return { allowed: true, authorization };
}

/**
 * Everybody may see and end their own sessions, whatever services their token is for: what the auth service signed is for the auth
 * service, too. It is asked for by its Service's name and not by its policy's, which goes to whoever takes it first.
 */
function claimsAt({ isAuth, service }: Target, { claims }: Credential): Credential['claims'] {
  return isAuth ? { ...claims, aud: [service] } : claims;
}

/** Clients prove who they are to the auth service by Basic, too (RFC 6749 section 2.3.1): it sees what came, and only where that is one thing. */
function decideWithoutToken(parts: EdgeParts, asked: Asked): Answer {
  const { authorization } = asked.request;
  if (!asked.target.isAuth || authorization === undefined) return decideAnonymous(parts, asked);
  if (!ONE_CREDENTIAL.test(authorization)) return TWO_CREDENTIALS;
  const answer = decideAnonymous(parts, asked);
  return answer.allowed ? PASSED : answer;
}

/** RFC 9110 section 11.4, with a token68. Several headers came joined by commas. */
const ONE_CREDENTIAL = /^[a-z]+ +[\w.~+/-]+=*$/i;
const TWO_CREDENTIALS = denied('request_malformed', 'the Authorization header is not one credential');

function decideAnonymous(parts: EdgeParts, { target, request: { method }, path }: Asked): Answer {
  const decision = parts.decide(target.decision, { method, path, port: target.port }, { caller: target.caller });
  return decision.allowed ? ANONYMOUS : fromDecision(decision, target);
}

/** Revoked is refused however old that knowledge is; whether anything newer matters, the policy says. */
function refused(
  { revocations, knowsRevocations }: EdgeParts,
  credential: Credential,
  { name, whenUnavailable }: Target,
): Answer | undefined {
  if (revocations.check(credential.revocable, credential.kid) !== undefined) {
    return denied('token_revoked', DETAIL.token_revoked, { policy: name, asker: askerOf(credential) });
  }
  if (whenUnavailable === 'Allow' || knowsRevocations()) return undefined;
  return denied('unavailable', 'what is revoked cannot be known right now: try again', { policy: name });
}

/** @returns undefined without a header, or with credentials of another kind, which do not pass the edge */
function presentedToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  try {
    // Whoever verifies it looks at its characters, if it is not known already.
    return bearerText(authorization);
  } catch (error) {
    if (error instanceof TokenError && error.code === 'token_missing') return undefined;
    throw error;
  }
}

type Decision = ReturnType<typeof decide>;

function fromDecision(decision: Exclude<Decision, { allowed: true }>, { name }: Target, asker?: Asker): Answer {
  const { code, rule, why } = decision;
  const nearest = why.find((reason) => reason.startsWith(`rule ${rule}:`)) ?? why[0] ?? code;
  return denied(code, nearest, { policy: name, ...(rule !== undefined && { rule }), ...(asker && { asker }) });
}

function unrouted(routed: Exclude<Routed, { kind: 'target' | 'gateway' }>): Answer {
  // A client would take 404 for the last word.
  if (routed.kind === 'unread') return denied('unavailable', 'routes are not known yet: try again');
  if (routed.kind === 'unknown') {
    return denied('route_unknown', 'no route takes this host, path and method', { status: 404 });
  }
  const { why, policy } = routed;
  const detail = 'the route leads nowhere that this edge lets requests through to';
  return denied('route_unknown', detail, { note: why, ...(policy !== undefined && { policy }) });
}

/** The one place where an error becomes an answer. */
function fromError(error: unknown, { name: policy }: Target, credential: Credential | undefined): Answer {
  const more = { policy, ...(credential && { asker: askerOf(credential) }) };
  if (error instanceof GuardError && error.code === 'keys_missing') return denied('unavailable', error.message, more);
  if (!(error instanceof TokenError)) throw error;
  switch (error.code) {
    case 'token_malformed':
    case 'token_expired':
    case 'token_invalid':
    case 'audience_mismatch':
      return denied(error.code, DETAIL[error.code], more);
    default:
      throw error;
  }
}

export function askerOf({ revocable, session }: Credential): Asker {
  const user = session?.userId ?? revocable.sub;
  return { ...(user !== undefined && { user }), ...(session !== undefined && { session: session.id }) };
}
