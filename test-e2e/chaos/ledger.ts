import { table } from '../mesh/status.ts';
import { type Ask, isAllowed, type Reply } from './ask.ts';

/** The fault that is on, or several; `recovering` from them, or `no fault`. */
export type Phase = string;

export interface Entry {
  readonly ask: Ask;
  readonly reply: Reply;
  readonly phase: Phase;
  readonly mayPass: boolean;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
}

export interface Summary {
  readonly requests: number;
  readonly allowed: number;
  /** Requests of each name that must not pass. */
  readonly forbidden: ReadonlyMap<string, number>;
  /** What was let through and must not have been; nothing of a token is in it. */
  readonly violations: readonly string[];
}

/** Counts what came of the load. */
export class Ledger {
  readonly #replies = new Map<string, Map<Phase, number>>();
  readonly #forbidden = new Map<string, number>();
  readonly #outages = new Map<string, { times: number; longestMs: number }>();
  readonly #violations: string[] = [];
  #requests = 0;
  #allowed = 0;

  add(entry: Entry): void {
    const { ask, reply, phase, mayPass } = entry;
    this.#requests += 1;
    if (!mayPass) this.#forbidden.set(ask.name, (this.#forbidden.get(ask.name) ?? 0) + 1);
    if (isAllowed(reply)) {
      this.#allowed += 1;
      if (!mayPass) this.#violations.push(violationOf(entry));
    }
    const said = isAllowed(reply) ? 'allowed' : wordsOf(reply);
    const ofPhase = this.#replies.get(said) ?? new Map<Phase, number>();
    ofPhase.set(phase, (ofPhase.get(phase) ?? 0) + 1);
    this.#replies.set(said, ofPhase);
  }

  /** How long nothing passed once a fault was over. */
  recovered(fault: string, afterMs: number): void {
    const { times, longestMs } = this.#outages.get(fault) ?? { times: 0, longestMs: 0 };
    this.#outages.set(fault, { times: times + 1, longestMs: Math.max(longestMs, afterMs) });
  }

  get summary(): Summary {
    return {
      requests: this.#requests,
      allowed: this.#allowed,
      forbidden: new Map(this.#forbidden),
      violations: [...this.#violations],
    };
  }

  get faults(): number {
    return [...this.#outages.values()].reduce((sum, { times }) => sum + times, 0);
  }

  progress(): string {
    const { requests, allowed, violations } = this.summary;
    return `${requests} requests, ${allowed} allowed, ${violations.length} wrongly, ${this.faults} faults`;
  }

  /** Answers by phase, what must not pass, and outages. */
  report(): string {
    return [this.#answers(), this.#mustNotPass(), this.#recoveries()].join('\n\n');
  }

  #answers(): string {
    const phases = [...new Set([...this.#replies.values()].flatMap((counts) => [...counts.keys()]))].sort();
    const rows = [...this.#replies].sort(byName).map(([said, counts]) => {
      const sum = [...counts.values()].reduce((one, other) => one + other, 0);
      return [said, String(sum), ...phases.map((phase) => String(counts.get(phase) ?? 0))];
    });
    return table([['ANSWER', `ALL ${this.#requests}`, ...phases.map((phase) => phase.toUpperCase())], ...rows]);
  }

  #mustNotPass(): string {
    const rows = [...this.#forbidden].sort(byName).map(([name, times]) => [name, String(times)]);
    return table([['MUST NOT PASS', 'ASKED'], ...rows, ['let through', String(this.#violations.length)]]);
  }

  #recoveries(): string {
    const rows = [...this.#outages]
      .sort(byName)
      .map(([name, { times, longestMs }]) => [name, String(times), `${(longestMs / 1000).toFixed(1)} s`]);
    return table([['FAULT', 'TIMES', 'LONGEST OUTAGE ONCE IT WAS OVER'], ...rows]);
  }
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

function wordsOf(reply: Reply): string {
  if (reply === 'none') return 'no answer';
  return reply.code === undefined ? String(reply.status) : `${reply.status} ${reply.code}`;
}

function violationOf({ ask, phase, sentAt }: Entry): string {
  const { name, method, path, place, presented } = ask;
  const revokedAt = presented.kind === 'issued' ? presented.credential.revokedAt : undefined;
  const since = revokedAt === undefined ? '' : `, ${sentAt - revokedAt} ms after its revocation`;
  return `${name}: ${method} ${path} at the ${place}, phase: ${phase}${since}`;
}
