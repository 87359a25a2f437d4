import type { LogoutNotice, LogoutNotices } from '@sekisho/sessions';

export interface MemoryNotices extends LogoutNotices {
  /** By session id. */
  readonly waiting: ReadonlyMap<string, { readonly notice: LogoutNotice; readonly due: number }>;
  add(notice: Pick<LogoutNotice, 'sessionId' | 'clientId'> & Partial<LogoutNotice>): void;
  /** Every call rejects with it. */
  failure: Error | undefined;
}

const LEASE_MS = 60_000;

/** Notices in memory, by the rules of the Lua scripts. @param now milliseconds since the epoch */
export function memoryNotices(now: () => number): MemoryNotices {
  const waiting = new Map<string, { notice: LogoutNotice; due: number }>();
  const store: MemoryNotices = {
    waiting,
    failure: undefined,
    add: (notice) =>
      void waiting.set(notice.sessionId, {
        notice: { userId: 'u1', endedAt: now(), attempts: 0, ...notice },
        due: now(),
      }),
    async take(limit) {
      assertThere();
      const due = [...waiting.values()].filter((entry) => entry.due <= now()).toSorted((a, b) => a.due - b.due);
      const taken = due.slice(0, limit);
      for (const entry of taken) entry.due = now() + LEASE_MS;
      return { notices: taken.map(({ notice }) => notice), waiting: waiting.size };
    },
    async forget({ sessionId }) {
      assertThere();
      waiting.delete(sessionId);
    },
    async postpone(notice, afterMs) {
      assertThere();
      if (waiting.has(notice.sessionId)) waiting.set(notice.sessionId, { notice, due: now() + Math.ceil(afterMs) });
    },
  };
  function assertThere(): void {
    if (store.failure !== undefined) throw store.failure;
  }
  return store;
}
