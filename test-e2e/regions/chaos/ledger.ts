import { table } from '../../mesh/status.ts';
import { SERVICES, type ServiceName } from '../objects.ts';
import { REVOCATION_STALENESS_SECONDS } from '../region.ts';
import type { RegionName } from '../regions-info.ts';
import type { FaultName } from './faults.ts';

export type Phase = FaultName | 'no fault';

/** A session, with what was acknowledged of it. */
export interface Login {
  readonly session: string;
  readonly region: RegionName;
  /** Newest that came. */
  access: string;
  refresh: string;
  /** When the auth service said that it is over, and in which region. */
  ended?: { readonly at: number; readonly region: RegionName };
  /** Whether a request that changes it was never answered: it may have worked, or not. */
  isDoubtful: boolean;
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
  /** Where the log-out was acknowledged. */
  readonly ended: RegionName;
  readonly asked: RegionName;
  readonly service: ServiceName;
}

/**
 * For how long a session may pass after its end was acknowledged, whatever fails: undefined for as long as the line is away, as the policy
 * says that would rather let pass.
 */
export function boundMs({ ended, asked, service }: Crossing, maxStalenessSeconds: number): number | undefined {
  if (SERVICES[service] === 'Allow') return undefined;
  return (ended === asked ? REVOCATION_STALENESS_SECONDS : maxStalenessSeconds) * 1_000 + NEWS_MS;
}

/** Everything that came of the load. */
export class Ledger {
  readonly violations: string[] = [];
  readonly logins = new Set<Login>();
  readonly #answers = new Map<string, Map<Phase, number>>();
  readonly #faults = new Map<FaultName, number>();
  #forbidden = 0;
  #slowestMs = 0;
  readonly #maxStalenessSeconds: number;

  constructor({ maxStalenessSeconds }: { readonly maxStalenessSeconds: number }) {
    this.#maxStalenessSeconds = maxStalenessSeconds;
  }

  asked(asked: Asked, phase: Phase): void {
    const { ended } = asked.login;
    const isOver = ended !== undefined && asked.sentAt >= ended.at;
    this.count(`${isOver ? 'use after the log-out' : 'use'}: ${asked.came}`, phase);
    if (!isOver) return;
    const since = asked.sentAt - ended.at;
    const crossing = { ended: ended.region, asked: asked.region, service: asked.service };
    const bound = boundMs(crossing, this.#maxStalenessSeconds);
    const isForbidden = bound !== undefined && since > bound;
    if (isForbidden) this.#forbidden += 1;
    if (asked.came !== '200') return;
    this.#slowestMs = Math.max(this.#slowestMs, since);
    if (!isForbidden) return;
    const { service, region } = asked;
    this.violations.push(`${service} in ${region}: ${since} ms after the log-out in ${ended.region}, phase: ${phase}`);
  }

  count(what: string, phase: Phase): void {
    const phases = this.#answers.get(what) ?? new Map<Phase, number>();
    phases.set(phase, (phases.get(phase) ?? 0) + 1);
    this.#answers.set(what, phases);
  }

  struck(fault: FaultName): void {
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
    const { live, over, violations } = this;
    return `${this.logins.size} sessions, ${live.length} live, ${over.length} over; ${violations.length} wrong; ${this.faults} faults`;
  }

  report(): string {
    const rows = [...this.#answers].sort(byName).map(([what, counts]) => {
      const undisturbed = counts.get('no fault') ?? 0;
      const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
      return [what, String(all), String(undisturbed)];
    });
    const faults = [...this.#faults].sort(byName).map(([name, times]) => [name, String(times)]);
    return [
      table([['ANSWER', 'ALL', 'WITHOUT A FAULT'], ...rows]),
      table([['FAULT', 'TIMES'], ...faults]),
      `${this.progress()}; asked for what must be refused: ${this.#forbidden} times; longest use after a log-out: ${this.#slowestMs} ms`,
    ].join('\n\n');
  }
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}
