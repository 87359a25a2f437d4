import type { Bridge, EndCopies } from '@sekisho/sessions';
import type { Logger } from '@sekisho/telemetry';

export interface EndingCopiesOptions {
  readonly restoreLocal: Bridge['restoreLocal'];
  readonly endCopies: EndCopies;
  readonly log: Pick<Logger, 'warn'>;
}

/**
 * What other regions revoked, into this one's store, and then the sessions among it ended here. They are refused from the first
 * step on, so a copy that stays is listed for longer and good for nothing: it holds up no revocation.
 */
export function endingCopies({ restoreLocal, endCopies, log }: EndingCopiesOptions): Bridge['restoreLocal'] {
  return async (entries) => {
    await restoreLocal(entries);
    try {
      await endCopies(entries);
    } catch (err) {
      log.warn({ err }, 'a session that ended in another region is listed here until it is used or expires');
    }
  };
}
