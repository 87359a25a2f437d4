/** One request, with its answer read and checked; rejects when it is not what it has to be. */
export type Call = () => Promise<unknown>;

export interface ClosedLoop {
  /** Calls under way at any time: the next one begins when one ends. */
  readonly atOnce: number;
  readonly seconds: number;
}

/** @returns how many were answered */
export async function closedLoop(call: Call, { atOnce, seconds }: ClosedLoop): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let answered = 0;
  const worker = async () => {
    do {
      await call();
      answered += 1;
    } while (performance.now() < end);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return answered;
}

/** So many calls, until what answers them is compiled and every connection is open, however slow the machine is. */
export async function warmUp(call: Call, calls: number, atOnce: number): Promise<void> {
  let begun = 0;
  const worker = async () => {
    while (begun < calls) {
      begun += 1;
      await call();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

export interface OpenLoop {
  readonly perSecond: number;
  readonly seconds: number;
}

/** Milliseconds of one call. */
export interface TimedCall {
  /** From the moment that it was due to its answer. */
  readonly took: number;
  /** Of that, how much later it began because whoever calls was busy: no server is to blame for it. */
  readonly late: number;
}

/**
 * Begins calls by a schedule that is fixed beforehand, whether earlier ones were answered or not, as users do. Each is
 * timed from the moment that it was due: what a server that stands still keeps waiting counts (coordinated omission).
 * @returns in the order in which they were due
 */
export async function openLoop(call: Call, { perSecond, seconds }: OpenLoop): Promise<TimedCall[]> {
  const count = Math.floor(perSecond * seconds);
  const began = performance.now();
  const calls: Promise<TimedCall>[] = [];
  while (calls.length < count) {
    const due = began + (calls.length * 1000) / perSecond;
    const late = performance.now() - due;
    if (late < 0) await until(-late);
    else {
      const timed = call().then(() => ({ took: performance.now() - due, late }));
      // Heard at the end, with the others.
      timed.catch(() => undefined);
      calls.push(timed);
    }
  }
  return Promise.all(calls);
}

/**
 * At most so long. A timer comes up to 2 ms late: what is left after it is waited for turn by turn of the event loop, which takes a core where calls are
 * due more often than every half a millisecond.
 */
function until(ms: number): Promise<unknown> {
  return new Promise((resolve) => (ms > 0.5 ? setTimeout(resolve, Math.max(1, ms - 2)) : setImmediate(resolve)));
}
