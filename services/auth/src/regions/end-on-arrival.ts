import { isStoredId, type RevocationEntry } from '@sekisho/sessions';
import type { SessionEndings } from '../sessions/session-endings.ts';

/**
 * What another region asks this one to end: sessions of a user that began here, and that it may not have known. A revocation of the
 * user alone ends none: it takes back tokens, and whoever may goes on with new ones. It may be asked for once more without harm.
 */
export async function endOnArrival(
  endings: Pick<SessionEndings, 'begunIn'>,
  region: string,
  { kind, id, except }: RevocationEntry,
): Promise<void> {
  // Users of other issuers have no sessions here.
  if (kind === 'logout' && isStoredId(id)) await endings.begunIn(region, id, { except });
}
