import { regionOfKid } from '@sekisho/tokens';
import { SessionError } from '../errors.ts';
import type { RevocationReader } from '../revocation/reader.ts';
import type { RegionNews } from '../revocation/regional/region-news.ts';

/** Where and when that was issued by which a session is asked for; a refresh token and a cookie do not say. */
export type Provenance = SignedProvenance | 'unsaid';

export interface SignedProvenance {
  /** Of the key that signed the token. */
  readonly kid: string | undefined;
  /** Epoch seconds, by the clock of the region that signed it. */
  readonly iat: number;
}

/** A region that is heard of is behind by a second or two. */
const BEHIND_MS = 5_000;
/** A healthy line tells of a new session within a second. */
const YOUNG_MS = 10_000;

/**
 * Whether a session that no store in reach knows may live in another region, which could not tell of it yet. Nobody waits for
 * a lost one.
 * @param now milliseconds since the epoch
 */
export function mayBeUntold(regions: readonly RegionNews[], from: Provenance, now: number): boolean {
  const waitedFor = regions.filter(({ state }) => state !== 'lost');
  if (from === 'unsaid') return waitedFor.some(isBehind);
  const { kid, iat } = from;
  const name = kid === undefined ? undefined : regionOfKid(kid);
  const region = waitedFor.find((other) => other.name === name);
  return region !== undefined && (isBehind(region) || now - iat * 1000 < YOUNG_MS);
}

function isBehind({ ageMs }: RegionNews): boolean {
  return ageMs > BEHIND_MS;
}

export interface AssertToldOptions {
  /** None: whatever is not known is over. */
  readonly revocations?: Pick<RevocationReader, 'check' | 'regions'> | undefined;
  readonly clock: () => Date;
}

/**
 * Of a session that no store in reach knows.
 * @param from undefined for who goes by what is known, as one who ends it
 * @throws SessionError `session_untold` while it may live, and is not refused by name
 */
export type AssertTold = (sessionId: string, from: Provenance | undefined) => void;

export function createAssertTold({ revocations, clock }: AssertToldOptions): AssertTold {
  return (id, from) => {
    if (revocations === undefined || from === undefined) return;
    if (revocations.check({ session: { id } })?.kind === 'session') return;
    if (!mayBeUntold(revocations.regions(), from, clock().getTime())) return;
    throw new SessionError('session_untold', 'the session may have begun in a region that could not tell of it yet');
  };
}
