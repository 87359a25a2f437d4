import { SessionError } from '../errors.ts';
import { SESSION_TTL_MS } from '../session.ts';
import type { Heard } from './log.ts';
import { assertRevocableId, assertSessionId, toHead } from './member.ts';
import { EVERYTHING, isDated, type Revocation } from './revocation.ts';

/** Envoy and our verifiers accept a token for 60 s after its end; the rest is for clocks that differ. */
const AFTER_EXPIRY_MS = 90_000;
/** An end is a time of day, the same in every region: as much may their clocks differ. */
const REGION_CLOCKS_MS = 15 * 60_000;

/** As the script reads an entry: kind, id, head, until, life, from, age. */
export type EntryArguments = readonly string[];

export interface WritingOptions {
  readonly clock: () => Date;
  /** Seconds. */
  readonly tokenLifetime: number;
  readonly sessionTtlMs?: number;
  /** Where there are several. */
  readonly region?: string | undefined;
  /** Whether Redis' clock is that of the region. @default true */
  readonly isOwnClock?: boolean;
}

/**
 * For who keeps a revocation to make it later: it must not turn out then that it cannot be.
 * @throws SessionError `revocation_invalid` for what `revoke` would refuse now
 */
export function assertRevocable(revocation: Revocation, now: Date): void {
  if (revocation.kind !== 'all') assertRevocableId(revocation.id);
  if (revocation.kind === 'token') untilOf(revocation.exp, now, 0);
  else if (revocation.kind === 'logout') assertExcept(revocation.except);
  else if ('issuedBefore' in revocation) assertMoment(revocation.issuedBefore, now);
}

/** @throws SessionError `revocation_invalid` */
export function toArguments(revocation: Revocation, options: WritingOptions): readonly EntryArguments[] {
  const { clock, region } = options;
  assertRevocable(revocation, clock());
  const { kind } = revocation;
  const id = kind === 'all' ? EVERYTHING : revocation.id;
  const from = originOf(options);
  switch (revocation.kind) {
    case 'token':
      return [
        entry({ kind, id, from, until: untilOf(revocation.exp, clock(), clocksOf(options)), life: tokenLife(options) }),
      ];
    case 'session':
    case 'key':
      // Of a key: who stole it writes `exp` as far away as they like, and this is time to take it out of the key set.
      return [entry({ kind, id, from, life: sessionLife(options) })];
    case 'user':
    case 'device':
    case 'client':
    case 'all':
      return datedHeads(revocation.issuedBefore, options).map((head) =>
        entry({ kind, id, from, head, life: sessionLife(options) }),
      );
    case 'logout': {
      if (region === undefined) return [];
      const { except } = revocation;
      const head = toHead(nowOf(options), { region, ...(except !== undefined && { except }) });
      return [entry({ kind, id, from, head, life: sessionLife(options) })];
    }
  }
}

export function restoring({ kind, id, issuedBefore, until, from, ageMs, ...said }: Heard): EntryArguments {
  const head = isDated(kind) ? toHead(String(issuedBefore), said) : '';
  return entry({ kind, id, head, until: String(until), life: 0, from, ageMs });
}

/** In a region's own store it goes without saying. */
function originOf({ region, isOwnClock = true }: WritingOptions): string | undefined {
  return isOwnClock ? undefined : region;
}

/** As long as a session could be refreshed: one that was issued before the moment, or one that is destroyed and that a failover brings back, because its end was on no replica. */
export function sessionLife(options: WritingOptions): number {
  const { tokenLifetime, sessionTtlMs = SESSION_TTL_MS } = options;
  return Math.max(sessionTtlMs, tokenLifetime * 1000) + AFTER_EXPIRY_MS + clocksOf(options);
}

function tokenLife(options: WritingOptions): number {
  return options.tokenLifetime * 1000 + AFTER_EXPIRY_MS + clocksOf(options);
}

function clocksOf({ region }: WritingOptions): number {
  return region === undefined ? 0 : REGION_CLOCKS_MS;
}

/** The moment of this region: by Redis' clock where it is there, else by that of this process, never by another region's. */
export function nowOf({ clock, isOwnClock = true }: WritingOptions): string {
  return isOwnClock ? 'now' : String(Math.floor(clock().getTime() / 1000));
}

/**
 * A moment that is given is a time of day for every region. One that includes now also goes by what regions hear: some may
 * issue what it means for as long as they do not know of it.
 */
function datedHeads(issuedBefore: number | undefined, options: WritingOptions): readonly string[] {
  const { region, clock } = options;
  if (issuedBefore === undefined) return [toHead(nowOf(options), region === undefined ? {} : { region })];
  const everywhere = String(issuedBefore);
  const isNow = issuedBefore >= Math.floor(clock().getTime() / 1000);
  return region !== undefined && isNow ? [everywhere, toHead(everywhere, { region })] : [everywhere];
}

interface Parts {
  readonly kind: string;
  readonly id: string;
  readonly head?: string;
  readonly until?: string;
  readonly life: number;
  readonly from?: string | undefined;
  readonly ageMs?: number | undefined;
}

function entry({ kind, id, head = '', until = '', life, from, ageMs = 0 }: Parts): EntryArguments {
  return [kind, id, head, until, String(life), from ?? '', from === undefined ? '' : String(Math.round(ageMs))];
}

function untilOf(exp: number | undefined, now: Date, clocksMs: number): string {
  if (exp === undefined) return '';
  const until = exp * 1000 + AFTER_EXPIRY_MS;
  // Bounds what readers keep in memory; no token of ours lives as long.
  if (Number.isSafeInteger(exp) && until <= now.getTime() + SESSION_TTL_MS + AFTER_EXPIRY_MS) {
    return String(until + clocksMs);
  }
  throw new SessionError('revocation_invalid', 'exp must be in epoch seconds and at most 7 days away');
}

const MAX_AHEAD_SECONDS = 60;

function assertMoment(issuedBefore: number | undefined, now: Date): void {
  if (issuedBefore === undefined) return;
  const latest = now.getTime() / 1000 + MAX_AHEAD_SECONDS;
  // Later, and nobody could log in until then.
  if (Number.isSafeInteger(issuedBefore) && issuedBefore >= 0 && issuedBefore <= latest) return;
  throw new SessionError('revocation_invalid', 'issuedBefore must be in epoch seconds and not in the future');
}

function assertExcept(except: string | undefined): void {
  if (except !== undefined) assertSessionId(except);
}
