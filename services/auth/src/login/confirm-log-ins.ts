import { whileRedisUnavailable } from '@sekisho/sessions';
import type { Logger } from '@sekisho/telemetry';
import type { SessionEndings } from '../sessions/session-endings.ts';
import type { DueLogIn, UnconfirmedLogIns } from './unconfirmed-log-ins.ts';

/** Versions of those that are active, by user, as the primary of the database has them. */
export type ActiveVersions = (userIds: readonly string[]) => Promise<ReadonlyMap<string, number>>;

export interface ConfirmLogInsOptions {
  /** Wherever log-ins were noted; what cannot be asked now is passed over. */
  readonly stores: readonly UnconfirmedLogIns[];
  readonly activeVersions: ActiveVersions;
  readonly endings: Pick<SessionEndings, 'lockOut'>;
  readonly log: Logger;
}

/**
 * Once the primary answers: whoever got in by a password or an account that was changed by then is locked out, as by the change itself,
 * with everything that the log-in brought. May be repeated, and done by several at once. Rejects when the primary does not answer.
 */
export type ConfirmLogIns = () => Promise<void>;

/** A round is short: more is for the next one. */
const BATCH = 1_000;

export function createConfirmLogIns(options: ConfirmLogInsOptions): ConfirmLogIns {
  return async () => {
    for (const store of options.stores) {
      // Its connection tells that it is away.
      const due = await store.due(BATCH).catch(whileRedisUnavailable<readonly DueLogIn[]>(() => []));
      if (due.length > 0) await confirm(options, store, due);
    }
  };
}

async function confirm(
  { activeVersions, endings, log }: ConfirmLogInsOptions,
  store: UnconfirmedLogIns,
  due: readonly DueLogIn[],
): Promise<void> {
  const versions = await activeVersions([...new Set(due.map(({ userId }) => userId))]);
  const isConfirmed = ({ userId, version }: DueLogIn) => versions.get(userId) === version;
  await store.settle(due.filter(isConfirmed));
  for (const logIn of due.filter((each) => !isConfirmed(each))) {
    const { userId } = logIn;
    try {
      // Repeated while a store is away it would lock out whoever logs in by what is so now.
      await endings.lockOut(userId, 'account_changed', { onlyKnown: true });
      await store.settle([logIn]);
      log.warn(
        { userId },
        'the account had changed when its user logged in by the replica of the database: locked out',
      );
    } catch (err) {
      log.warn({ err, userId }, 'a log-in by the replica of the database is to be ended: it is tried again');
      // To the end, so that it holds up no other.
      await store.note(logIn);
    }
  }
}
