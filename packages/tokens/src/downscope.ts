import { type AccessClaims, MAX_ACTORS, type ServiceGrant } from './claims.ts';
import { TokenError } from './errors.ts';
import { CLOCK_SKEW_SECONDS, expiry, TOKEN_SECONDS } from './lifetime.ts';

/** All but what a minter adds itself. No token is minted without a client, though one from elsewhere may have none. */
export type Content = Omit<AccessClaims, 'iss' | 'iat' | 'nbf' | 'jti' | 'client_id'> & { readonly client_id: string };

export interface Delegation {
  /** Who acts, as `act.sub`: for a workload `system:serviceaccount:<namespace>:<name>`. */
  readonly actor: string;
  /** Where: the one audience. */
  readonly service: string;
  /** What the subject may do there now, as far as this actor may do it in its name. */
  readonly grant: ServiceGrant;
  /** Epoch seconds at which what this rests on ends, for example the session. */
  readonly notAfter?: number;
}

/**
 * What an access token says, to one service only.
 * @param now epoch seconds
 * @throws TokenError `token_expired`, `audience_mismatch` when the token grants nothing there, `claims_invalid` when it names no client
 */
export function narrowed(claims: AccessClaims, service: string, now: number): Content {
  assertLive(claims, now);
  const grant = Object.hasOwn(claims.services, service) ? claims.services[service] : undefined;
  if (grant === undefined || !claims.aud.includes(service) || isOver(grant, now)) throw notMeant();
  return {
    ...derived(claims),
    aud: [service],
    exp: expiry(now, TOKEN_SECONDS.narrow, [claims.exp, grant.expires]),
    services: { [service]: grant },
  };
}

/**
 * What a subject may do at another service, with the actor's name on it. A subject token that itself names the service
 * bounds what comes out; one that does not leaves that to the grant.
 * @param now epoch seconds
 * @throws TokenError `token_expired`, `audience_mismatch` when the grant is over, `chain_too_long`, `claims_invalid` as `narrowed` does
 */
export function delegated(subject: AccessClaims, delegation: Delegation, now: number): Content {
  assertLive(subject, now);
  const { actor, service, grant, notAfter } = delegation;
  const held = Object.hasOwn(subject.services, service) ? subject.services[service] : undefined;
  const grants = held === undefined ? [grant] : [grant, held];
  if (grants.some((one) => isOver(one, now))) throw notMeant();
  const ends = grants.map(({ expires }) => expires);
  const permissions = held === undefined ? grant.permissions : intersect(grant.permissions, held.permissions);
  return {
    ...derived(subject),
    aud: [service],
    exp: expiry(now, TOKEN_SECONDS.delegated, [subject.exp, notAfter, ...ends]),
    services: { [service]: { permissions: [...permissions], ...earliest(ends) } },
    act: prolonged(subject.act, actor),
  };
}

/** What names the subject, where it comes from and through whom stays as it is. */
function derived({ sub, client_id, user, session, act, origin_jti, jti }: AccessClaims) {
  if (client_id === undefined) throw new TokenError('claims_invalid', 'claim /client_id is missing');
  return {
    ...{ sub, client_id },
    ...(user !== undefined && { user }),
    ...(session !== undefined && { session }),
    ...(act !== undefined && { act }),
    origin_jti: origin_jti ?? jti,
  };
}

function prolonged(act: AccessClaims['act'], sub: string): NonNullable<AccessClaims['act']> {
  let actors = 1;
  for (let link = act; link !== undefined; link = link.act) actors += 1;
  if (actors > MAX_ACTORS) throw new TokenError('chain_too_long', `more than ${MAX_ACTORS} actors in a row`);
  return { sub, ...(act !== undefined && { act }) };
}

/** As verifiers see it, so that a clock that is ahead does not end tokens early. */
function assertLive({ exp }: AccessClaims, now: number): void {
  if (exp + CLOCK_SKEW_SECONDS <= now) throw new TokenError('token_expired', 'the token is expired');
}

function isOver({ expires }: ServiceGrant, now: number): boolean {
  return expires !== undefined && expires <= now;
}

function notMeant(): TokenError {
  return new TokenError('audience_mismatch', 'the token grants nothing at this service');
}

function earliest(ends: readonly (number | undefined)[]) {
  const known = ends.filter((end) => end !== undefined);
  return known.length > 0 && { expires: Math.min(...known) };
}

/** In the order of the first. */
export function intersect(names: readonly string[], allowed: readonly string[]): string[] {
  return names.filter((name) => allowed.includes(name));
}
