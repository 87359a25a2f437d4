import { nameOf, type PlannedFault } from '../../chaos/schedule.ts';
import { FAULTS, type FaultName } from './faults.ts';

/** Which faults are on, or that none is. */
export type Phase = string;
export const NO_FAULT: Phase = 'no fault';

/** Longer than clients take to find out that something is there again. */
const AFTERMATH_MS = 10_000;

/** What fails at the moment. Of several at once each counts from the first one's beginning until all are back. */
export class Ongoing {
  readonly #monotonic: () => number;
  #names: readonly FaultName[] = [];
  #phase = NO_FAULT;
  /** By part. */
  readonly #backAt = new Map<string, number>();

  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  get phase(): Phase {
    return this.#phase;
  }

  begin({ strikes }: PlannedFault<FaultName>): void {
    this.#names = strikes.map(({ name }) => name);
    this.#phase = nameOf(strikes);
  }

  end(): void {
    for (const name of this.#names) this.#backAt.set(FAULTS[name].part, this.#monotonic());
    this.#names = [];
    this.#phase = NO_FAULT;
  }

  /** Whether a part fails, or did a moment ago, so that processes may do without it. */
  mayLack(part: string): boolean {
    const backAt = this.#backAt.get(part) ?? Number.NEGATIVE_INFINITY;
    return this.#monotonic() - backAt < AFTERMATH_MS || this.#names.some((name) => FAULTS[name].part === part);
  }
}
