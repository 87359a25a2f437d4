import type { RevocableClaims, RevocationReader, Session } from '@sekisho/sessions';

/**
 * Whether a session came before the revocation of its client, of its device or of everybody. It is as old as its log-in: refreshed, it
 * would bring tokens that are younger than the revocation. The user is left out: whoever means their sessions ends them, and a grant that was
 * taken away needs new tokens, not a new log-in.
 *
 * Wherever it began, its times are by the clock of the region that keeps it, so that region's moment counts. The one of the region where
 * it began counts as well: until that region heard, it may have let in whom this one refused already.
 * @param own this region, where there are several
 */
export function isSessionRevoked(
  revocations: Pick<RevocationReader, 'check'>,
  { session, clientId }: { readonly session: Session; readonly clientId: string },
  own: string | undefined,
): boolean {
  const claims = asClaims(session, clientId);
  return [own, session.region ?? own].some((region) => revocations.check(claims, { region }) !== undefined);
}

function asClaims({ id, fingerprint, createdAt }: Session, clientId: string): RevocableClaims {
  return { iat: Math.floor(createdAt / 1000), client_id: clientId, session: { id, device: fingerprint } };
}
