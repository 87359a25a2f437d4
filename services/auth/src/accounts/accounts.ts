import type { Clock, Random } from '@sekisho/kube';
import type { Revoker, SessionStore } from '@sekisho/sessions';
import type { Logger, Metrics } from '@sekisho/telemetry';
import type { Kysely } from 'kysely';
import type { AuditLog } from '../audit/audit.ts';
import { createSqlAudit, forgetAuditBefore } from '../audit/sql-audit.ts';
import type { Database } from '../database/schema.ts';
import type { ConfirmLogIns } from '../login/confirm-log-ins.ts';
import type { Authenticate } from '../login/login.ts';
import type { AssertTokensFit } from '../login/tokens-fit.ts';
import type { PasswordHasher } from '../passwords/hasher.ts';
import type { AccountStore } from './account.ts';
import { type Administration, createAdministration } from './administration.ts';
import { createIssuedAccess, type IssuedAccessOptions } from './issued-access.ts';
import { createAccountMetrics } from './metrics.ts';
import { type ChangeOwnPassword, createChangeOwnPassword } from './own-password.ts';
import { createRevocationOutbox, type RevocationOutbox } from './revocation-outbox.ts';
import { createSqlOutbox } from './sql-outbox.ts';
import { createUpkeep, type Upkeep } from './upkeep.ts';

export interface AccountsOptions {
  readonly db: Kysely<Database>;
  /** Where what only reads is asked; see OpenDatabase. */
  readonly reads: Kysely<Database>;
  readonly accounts: AccountStore;
  readonly endings: IssuedAccessOptions['endings'];
  readonly revoker: Pick<Revoker, 'revoke'>;
  readonly sessions: Pick<SessionStore, 'ownerOf'>;
  readonly passwords: PasswordHasher;
  readonly authenticate: Authenticate;
  readonly confirmLogIns: ConfirmLogIns;
  readonly assertTokensFit: AssertTokensFit;
  readonly uuid: () => string;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
  /** How long entries of the audit log are kept. */
  readonly auditRetentionDays: number;
}

export interface Accounts {
  readonly administration: Administration;
  readonly changeOwnPassword: ChangeOwnPassword;
  readonly audit: AuditLog;
  readonly outbox: RevocationOutbox;
  readonly upkeep: Upkeep;
}

const AUDIT_BATCH = 1_000;

/** Everything that changes accounts, on one database. */
export function assembleAccounts(options: AccountsOptions): Accounts {
  const { db, reads, metrics, log } = options;
  const { failures, owed } = createAccountMetrics(metrics);
  const outbox = createRevocationOutbox({
    store: createSqlOutbox(db),
    issued: createIssuedAccess(options),
    onOwed: (count) => owed.set(count),
    onFailure: (err) => {
      failures.inc();
      log.warn({ err }, 'a revocation is owed: it could not be made right after its change');
    },
  });
  const upkeep = createUpkeep({
    ...options,
    outbox,
    forgetAuditBefore: (moment) => forgetAuditBefore(db, moment, AUDIT_BATCH),
  });
  return {
    administration: createAdministration({ ...options, outbox }),
    changeOwnPassword: createChangeOwnPassword({ ...options, outbox }),
    audit: createSqlAudit(reads),
    outbox,
    upkeep,
  };
}
