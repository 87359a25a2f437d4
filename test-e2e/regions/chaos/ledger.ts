import { table } from '../../mesh/status.ts';
import { SERVICES, type ServiceName } from '../objects.ts';
import { REVOCATION_STALENESS_SECONDS } from '../region.ts';
import type { RegionName } from '../regions-info.ts';
import { NO_FAULT, type Phase } from './ongoing.ts';

/** Where and when a session ended, as the auth service said. */
export interface Ended {
  readonly region: RegionName;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Whether that region's own store may have been away, so that it was written into the global one alone. */
  readonly isByGlobal: boolean;
}

/** A session, with what was acknowledged of it. */
export interface Login {
  readonly session: string;
  readonly region: RegionName;
  /** Newest that came. */
  access: string;
  refresh: string;
  ended?: Ended;
  /** Whether a request that changes it was never answered: it may have worked, or not. */
  isDoubtful: boolean;
  /** Regions that have shown that they know it. */
  readonly knownIn: Set<RegionName>;
}

export interface Asked {
  readonly login: Login;
  readonly region: RegionName;
  readonly service: ServiceName;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
  /** `200`, or a status and a code, or that nothing came. */
  readonly came: string;
}

/** A guard's read of a log is held for a second, and a heartbeat comes once in a while. */
const NEWS_MS = 2_000;

export interface Crossing {
  readonly ended: Pick<Ended, 'region' | 'isByGlobal'>;
  readonly asked: RegionName;
  readonly service: ServiceName;
}

/**
 * For how long a session may pass after its end was acknowledged, whatever fails: undefined for as long as the line is away, as the policy
 * says that would rather let pass. What is written into the global store alone a region hears of over its line, like what ends elsewhere.
 */
export function boundMs({ ended, asked, service }: Crossing, maxStalenessSeconds: number): number | undefined {
  if (SERVICES[service] === 'Allow') return undefined;
  const isKnownHere = ended.region === asked && !ended.isByGlobal;
  return (isKnownHere ? REVOCATION_STALENESS_SECONDS : maxStalenessSeconds) * 1_000 + NEWS_MS;
}

/** Whoever is told so logs in again; `503` is "come again". */
const LOCKED_OUT = /^4(?!29)/;

/** Everything that came of the load. */
export class Ledger {
  readonly violations: string[] = [];
  /** Who was sent to the log-in with a session that lives. */
  readonly lockedOut: string[] = [];
  readonly logins = new Set<Login>();
  readonly #answers = new Map<string, Map<Phase, number>>();
  readonly #faults = new Map<string, number>();
  #forbidden = 0;
  #mostWaiting = 0;
  #slowestMs = 0;
  readonly #maxStalenessSeconds: number;

  constructor({ maxStalenessSeconds }: { readonly maxStalenessSeconds: number }) {
    this.#maxStalenessSeconds = maxStalenessSeconds;
  }

  asked(asked: Asked, phase: Phase): void {
    const { ended } = asked.login;
    if (ended === undefined) {
      // A service that would rather let pass is reached with a session that nobody there knows yet.
      if (asked.came === '200' && SERVICES[asked.service] === 'Deny') asked.login.knownIn.add(asked.region);
      this.ofLive('use', asked, phase);
      return;
    }
    this.count(`use after the log-out: ${asked.came}`, phase);
    const since = asked.sentAt - ended.at;
    const crossing = { ended, asked: asked.region, service: asked.service };
    const bound = boundMs(crossing, this.#maxStalenessSeconds);
    const isForbidden = bound !== undefined && since > bound;
    if (isForbidden) this.#forbidden += 1;
    if (asked.came !== '200') return;
    this.#slowestMs = Math.max(this.#slowestMs, since);
    if (!isForbidden) return;
    const { service, region } = asked;
    this.violations.push(`${service} in ${region}: ${since} ms after the log-out in ${ended.region}, phase: ${phase}`);
  }

  /** What came of a request with a session that lives: whatever fails, nobody is to be sent to the log-in, wherever they come. */
  ofLive(what: string, { login, region, came }: Pick<Asked, 'login' | 'region' | 'came'>, phase: Phase): void {
    const isKnown = login.knownIn.has(region);
    this.count(`${what}${isKnown ? '' : ', not known there'}: ${came}`, phase);
    if (!LOCKED_OUT.test(came)) return;
    this.lockedOut.push(`${what} in ${region} with a live session of ${login.region}: ${came}, phase: ${phase}`);
  }

  /** How many sessions wait at a moment to be told to the other regions. */
  waiting(count: number): void {
    this.#mostWaiting = Math.max(this.#mostWaiting, count);
  }

  count(what: string, phase: Phase): void {
    const phases = this.#answers.get(what) ?? new Map<Phase, number>();
    phases.set(phase, (phases.get(phase) ?? 0) + 1);
    this.#answers.set(what, phases);
  }

  struck(fault: string): void {
    this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1);
  }

  get faults(): number {
    return [...this.#faults.values()].reduce((sum, times) => sum + times, 0);
  }

  /** How often it was asked for what must be refused. */
  get forbidden(): number {
    return this.#forbidden;
  }

  get live(): readonly Login[] {
    return [...this.logins].filter(({ ended, isDoubtful }) => ended === undefined && !isDoubtful);
  }

  get over(): readonly Login[] {
    return [...this.logins].filter(({ ended }) => ended !== undefined);
  }

  progress(): string {
    const { live, over, violations, lockedOut } = this;
    return `${this.logins.size} sessions, ${live.length} live, ${over.length} over; ${violations.length} wrong; ${lockedOut.length} locked out; ${this.faults} faults`;
  }

  report(): string {
    const rows = [...this.#answers].sort(byName).map(([what, counts]) => {
      const undisturbed = counts.get(NO_FAULT) ?? 0;
      const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
      return [what, String(all), String(undisturbed)];
    });
    const faults = [...this.#faults].sort(byName).map(([name, times]) => [name, String(times)]);
    return [
      table([['ANSWER', 'ALL', 'WITHOUT A FAULT'], ...rows]),
      table([['FAULT', 'TIMES'], ...faults]),
      `${this.progress()}; asked for what must be refused: ${this.#forbidden} times; longest use after a log-out: ${this.#slowestMs} ms; most sessions that waited to be told: ${this.#mostWaiting}`,
    ].join('\n\n');
  }
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}
