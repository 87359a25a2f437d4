import type { Session } from '@sekisho/sessions';
import { type GrantDependencies, invalidGrant } from './context.ts';

export interface OneTime {
  readonly kind: 'AuthorizationCode' | 'DeviceCode';
  readonly id: string;
  readonly userId: string;
}

/**
 * Issues for a code that may be used once, however many try at the same time. A second use ends what the first one got
 * (RFC 6749 section 4.1.2), whichever of both finishes first: one of them is somebody else's.
 * @param issue tells for which session it issued
 * @throws invalid_grant
 */
export async function takeOnce(
  { artefacts, endSession }: Pick<GrantDependencies, 'artefacts' | 'endSession'>,
  { kind, id, userId }: OneTime,
  issue: () => Promise<Session>,
): Promise<void> {
  const use = await artefacts.use(kind, id);
  if (!use.first) {
    if (use.issued !== undefined) await endSession(userId, use.issued);
    throw invalidGrant('the code was already used');
  }
  const session = await issue();
  if (await artefacts.issued(kind, id, session.id)) return;
  await endSession(userId, session.id);
  throw invalidGrant('the code was used again meanwhile');
}
