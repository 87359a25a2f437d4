import { assertRevocable, type Revocation } from '@sekisho/sessions';
import type { Kysely } from 'kysely';
import type { RevocationOutbox } from '../accounts/revocation-outbox.ts';
import { oweByName } from '../accounts/sql-outbox.ts';
import type { Actor, Changes } from '../audit/audit.ts';
import { recordAudit } from '../audit/sql-audit.ts';
import { guarded } from '../database/guard.ts';
import type { Database } from '../database/schema.ts';

/**
 * Refuses what an administrator names.
 * @returns whether it is made; if not, the service goes on trying
 * @throws SessionError `revocation_invalid`, AuthError `unavailable`: then nothing is stored
 */
export type RevokeByName = (revocation: Revocation, by: Actor) => Promise<boolean>;

export interface RevokeByNameOptions {
  readonly db: Kysely<Database>;
  readonly outbox: Pick<RevocationOutbox, 'make'>;
  readonly clock: () => Date;
}

/** Told in the audit log and owed in one transaction, so that neither is without the other; then made. */
export function createRevokeByName({ db, outbox, clock }: RevokeByNameOptions): RevokeByName {
  return async (revocation, by) => {
    assertRevocable(revocation, clock());
    const owed = await guarded(
      db.transaction().execute(async (tx) => {
        await recordAudit(tx, { actor: by, action: 'tokens.revoked', ...toldOf(revocation) });
        return oweByName(tx, revocation);
      }),
    );
    return outbox.make(owed);
  };
}

/** Of a token its `jti`, never itself. */
function toldOf(revocation: Revocation): { readonly target: string; readonly changes: Changes } {
  const target = revocation.kind === 'all' ? 'all:tokens' : `${revocation.kind}:${revocation.id}`;
  const before = 'issuedBefore' in revocation ? revocation.issuedBefore : undefined;
  return { target, changes: before === undefined ? {} : { issuedBefore: { new: before } } };
}
