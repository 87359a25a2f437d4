import { regionOfKid } from '@sekisho/tokens';
import { SessionError } from '../errors.ts';
import type { RevocationReader } from '../revocation/reader.ts';
import type { RegionNews } from '../revocation/regional/region-news.ts';
import { birthOf } from './session-id.ts';

/** Where and when that was issued by which a session is asked for; a refresh token and a cookie say only which session. */
export type Provenance = SignedProvenance | 'unsaid';

/** Where a session began, and milliseconds since. */
export interface Origin {
  readonly region: string | undefined;
  readonly ageMs: number;
}

export interface SignedProvenance {
  /** Of the key that signed the token. */
  readonly kid: string | undefined;
  /** Epoch seconds, by the clock of the region that signed it. */
  readonly iat: number;
}

/** A region that is heard of is behind by a second or two, with what it revoked and with what it tells of its sessions. */
const BEHIND_MS = 5_000;
/** A healthy line tells of a new session within a second. */
const YOUNG_MS = 10_000;

/**
 * Whether a session that no store in reach knows may live in another region, which could not tell of it yet. Nobody waits for
 * a lost one.
 * @param now milliseconds since the epoch
 */
export function mayBeUntold(regions: readonly RegionNews[], from: Provenance | Origin, now: number): boolean {
  if (from === 'unsaid') return mayTellMore(regions);
  const { region: name, ageMs } = 'iat' in from ? originOf(from, now) : from;
  const region = regions.filter(isWaitedFor).find((other) => other.name === name);
  return region !== undefined && (isBehind(region) || ageMs < Math.max(YOUNG_MS, region.untoldMs + BEHIND_MS));
}

function mayTellMore(regions: readonly RegionNews[]): boolean {
  return regions.filter(isWaitedFor).some((region) => isBehind(region) || region.untoldMs > BEHIND_MS);
}

function isWaitedFor({ state }: RegionNews): boolean {
  return state !== 'lost';
}

function originOf({ kid, iat }: SignedProvenance, now: number): Origin {
  return { region: kid === undefined ? undefined : regionOfKid(kid), ageMs: now - iat * 1000 };
}

/** Of an id from before there were regions any of them may know. */
function bornOf(sessionId: string, now: number): Origin | 'unsaid' {
  const birth = birthOf(sessionId);
  return birth === undefined ? 'unsaid' : { region: birth.region, ageMs: now - birth.at };
}

function isBehind({ ageMs }: RegionNews): boolean {
  return ageMs > BEHIND_MS;
}

export interface HearOptions {
  /** None: whatever is not known is over. */
  readonly revocations?: Pick<RevocationReader, 'check' | 'regions'> | undefined;
  readonly clock: () => Date;
}

/**
 * Of a session that no store in reach knows, or not as a whole.
 * @param from undefined for who goes by what is known, as one who ends it
 * @throws SessionError `session_untold` while it may live, and is not refused by name
 */
export type AssertTold = (sessionId: string, from: Provenance | Origin | undefined) => void;

/** What is known of the regions at a moment. */
export interface Heard {
  readonly assertTold: AssertTold;
  /** Whether no region has more to tell. */
  readonly isAll: boolean;
}

/** @returns what is to be called before a store is asked: what a region tells after that is not in the answer */
export function createHear({ revocations, clock }: HearOptions): () => Heard {
  return () => {
    const regions = revocations?.regions() ?? [];
    return {
      isAll: !mayTellMore(regions),
      assertTold(id, from) {
        if (revocations === undefined || from === undefined) return;
        if (revocations.check({ session: { id } })?.kind === 'session') return;
        const now = clock().getTime();
        if (!mayBeUntold(regions, from === 'unsaid' ? bornOf(id, now) : from, now)) return;
        throw new SessionError(
          'session_untold',
          'the session may have begun in a region that could not tell of it yet',
        );
      },
    };
  };
}
