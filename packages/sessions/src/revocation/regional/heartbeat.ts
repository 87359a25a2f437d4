import type { Arrears } from '../arrears.ts';
import type { Bridge } from './bridge.ts';

export interface HeartbeatOptions {
  readonly bridge: Pick<Bridge, 'beat' | 'untoldMs'>;
  /** Of the region's own log. */
  readonly local: { readonly staleMs: number };
  /** The history of global as it was compared last. */
  readonly global: { readonly history: string | undefined };
  /** What global lacks. */
  readonly arrears: Pick<Arrears, 'isClear' | 'paidUntil'>;
  readonly monotonic: () => number;
}

const EVERY_MS = 500;
/** Without the region's own store for longer, what it revokes goes to global at once. */
const LOCAL_AWAY_MS = 10_000;

/** Tells the other regions until when everything that this one revoked is at global, and everything of its sessions. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #startedAt: number;
  #beatAt = Number.NEGATIVE_INFINITY;
  #beating = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#startedAt = options.monotonic();
  }

  /** Never throws: one that fails is one that the others miss. */
  beat(): void {
    const { bridge, monotonic, global } = this.#options;
    const { history } = global;
    const now = monotonic();
    const wholeAt = this.#wholeAt(now);
    if (this.#beating || now - this.#beatAt < EVERY_MS || wholeAt === undefined || history === undefined) return;
    this.#beating = true;
    this.#beatAt = now;
    const done = () => {
      this.#beating = false;
    };
    bridge.beat({ wholeMs: Math.ceil(now - wholeAt), untoldMs: untoldBy(bridge), history }).then(done, done);
  }

  /**
   * While the store of the region is away, its processes revoke at global: then the region is whole there but for what that store alone
   * has.
   */
  #wholeAt(now: number): number | undefined {
    const { local, arrears } = this.#options;
    const isAway = Math.min(local.staleMs, now - this.#startedAt) > LOCAL_AWAY_MS;
    if (isAway && arrears.isClear) return now;
    const { paidUntil } = arrears;
    return paidUntil !== undefined && Number.isFinite(paidUntil) ? paidUntil : undefined;
  }
}

function untoldBy({ untoldMs }: Pick<Bridge, 'untoldMs'>): number | undefined {
  const ageMs = untoldMs?.() ?? Number.POSITIVE_INFINITY;
  return Number.isFinite(ageMs) ? Math.ceil(ageMs) : undefined;
}
