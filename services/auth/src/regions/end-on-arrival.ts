import type { RevocationEntry } from '@sekisho/sessions';
import type { SessionEndings } from '../sessions/session-endings.ts';

/** As keys of sessions have it: users of other issuers have no sessions here. */
const STORED_ID = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * What another region asks this one to end: sessions of a user that began here, and that it may not have known. A revocation of the
 * user alone ends none: it takes back tokens, and whoever may goes on with new ones. It may be asked for once more without harm.
 */
export async function endOnArrival(
  endings: Pick<SessionEndings, 'begunIn'>,
  region: string,
  { kind, id, except }: RevocationEntry,
): Promise<void> {
  if (kind === 'logout' && STORED_ID.test(id)) await endings.begunIn(region, id, { except });
}
