import type { Revocation } from '@sekisho/sessions';
import type { OwedRevocation } from './account.ts';

/** Not of an account: what an administrator names, or a client that is removed. */
export interface OwedByName {
  readonly id: string;
  readonly scope: 'named';
  readonly revocation: Revocation;
}

export type Owed = OwedRevocation | OwedByName;

/** Ends what was issued. All may be repeated without harm, and reject when the place where it is kept is away. */
export interface IssuedAccess {
  /** Refuses every token that the user was issued until now. */
  revokeTokens(userId: string): Promise<void>;
  /** Ends every session of the user, but the one that is kept, and refuses their tokens. */
  endSessions(userId: string, keptSession?: string): Promise<void>;
  /** Refuses what is named; of a user or a session, ends the sessions too. */
  revoke(revocation: Revocation): Promise<void>;
  /** Rejects while all sessions of a user can be ended in part only: repeated, that would end again and again what began since. */
  assertRepeatable(owed: Owed): Promise<void>;
}

/** Where owed revocations are kept, beside what owes them. */
export interface OutboxStore {
  /** Those with the fewest failures first: one that always fails is in nobody's way. */
  listOwed(limit: number): Promise<readonly Owed[]>;
  markMade(id: string): Promise<void>;
  markFailed(id: string): Promise<void>;
}

export interface RevocationOutbox {
  /** @returns whether it is made; if not, `drain` repeats it */
  make(owed: Owed): Promise<boolean>;
  /** Makes what is owed, until one fails; rejects with that failure. */
  drain(): Promise<void>;
}

export interface OutboxOptions {
  readonly store: OutboxStore;
  readonly issued: IssuedAccess;
  /** Told how many were owed, at most 100, when `drain` looked and when it was done. */
  readonly onOwed: (count: number) => void;
  /** Told why `make` leaves a revocation to `drain`. */
  readonly onFailure: (error: unknown) => void;
}

const BATCH = 100;

/**
 * A change of an account or a client and the revocation that it needs live in two databases, and no order of two writes is safe: the
 * revocation first is undone by a log-in before the change, the change first is lost with the process. So the change
 * commits with a row that owes the revocation, which is made right after it, and by any replica later if that fails. Several
 * may make one at once: it does the same twice.
 */
export function createRevocationOutbox({ store, issued, onOwed, onFailure }: OutboxOptions): RevocationOutbox {
  async function perform(owed: Owed): Promise<void> {
    await revoke(issued, owed);
    await store.markMade(owed.id);
  }

  return {
    async make(owed) {
      try {
        await perform(owed);
        return true;
      } catch (error) {
        onFailure(error);
        return false;
      }
    },
    async drain() {
      const all = await store.listOwed(BATCH);
      onOwed(all.length);
      for (const owed of all) {
        try {
          await issued.assertRepeatable(owed);
          await perform(owed);
        } catch (error) {
          await store.markFailed(owed.id);
          throw error; // the next would wait for the same timeout
        }
      }
      onOwed(0);
    },
  };
}

function revoke(issued: IssuedAccess, owed: Owed): Promise<void> {
  switch (owed.scope) {
    case 'tokens':
      return issued.revokeTokens(owed.userId);
    case 'sessions':
      return issued.endSessions(owed.userId, owed.keptSession);
    case 'named':
      return issued.revoke(owed.revocation);
  }
}
