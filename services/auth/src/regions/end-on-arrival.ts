import type { RevocationEntry } from '@sekisho/sessions';
import type { SessionEndings } from '../sessions/session-endings.ts';

/** As keys of sessions have it: workloads and users of other issuers have no sessions. */
const STORED_ID = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * What another region revoked of a user ends the sessions that the user began here: that region may not have known of them, and
 * their refresh tokens must not bring new tokens. It may be asked for once more without harm.
 */
export async function endOnArrival(
  endings: Pick<SessionEndings, 'begunIn'>,
  region: string,
  { kind, id, except }: RevocationEntry,
): Promise<void> {
  if ((kind !== 'user' && kind !== 'logout') || !STORED_ID.test(id)) return;
  await endings.begunIn(region, id, { reason: kind === 'user' ? 'revoked' : 'logout', except });
}
