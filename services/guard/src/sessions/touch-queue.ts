import type { Clock } from '@sekisho/kube';
import type { SessionStore } from '@sekisho/sessions';

export interface TouchQueueOptions {
  readonly sessions: Pick<SessionStore, 'touch'>;
  readonly clock: Clock;
  /** Told when a session turned out to be over. */
  readonly onOver: (sessionId: string) => void;
  readonly onError: (error: unknown) => void;
}

/** Sessions whose use is to be noted, away from the requests that used them. */
export interface TouchQueue {
  add(userId: string, sessionId: string): void;
  /** Notes what waits, and then no more. */
  stop(): Promise<void>;
}

/** What comes together is noted together. */
const GATHER_MS = 1_000;
const AT_ONCE = 32;
/** Of more the rest is dropped: whoever goes on using their session comes again within a minute. */
const MAX_WAITING = 50_000;

export function createTouchQueue(options: TouchQueueOptions): TouchQueue {
  const { clock, onError } = options;
  let waiting = new Map<string, string>();
  let running: Promise<void> | undefined;
  let cancel: (() => void) | undefined;
  let stopped = false;

  const flush = async () => {
    const batch = [...waiting];
    waiting = new Map();
    for (let from = 0; from < batch.length; from += AT_ONCE) {
      const outcomes = batch.slice(from, from + AT_ONCE).map(([id, userId]) => touch(options, userId, id));
      const failed = (await Promise.allSettled(outcomes)).find((outcome) => outcome.status === 'rejected');
      // The store is away: the rest would fail as well.
      if (failed !== undefined) return onError(failed.reason);
    }
  };
  const schedule = () => {
    if (cancel !== undefined || running !== undefined || waiting.size === 0) return;
    cancel = clock.after(GATHER_MS, () => {
      cancel = undefined;
      running = flush().finally(() => {
        running = undefined;
        schedule();
      });
    });
  };
  return {
    add(userId, sessionId) {
      if (stopped || waiting.size >= MAX_WAITING) return;
      waiting.set(sessionId, userId);
      schedule();
    },
    async stop() {
      stopped = true;
      await running;
      cancel?.();
      await flush();
    },
  };
}

async function touch({ sessions, onOver }: TouchQueueOptions, userId: string, id: string): Promise<void> {
  if ((await sessions.touch(userId, id)) === undefined) onOver(id);
}
