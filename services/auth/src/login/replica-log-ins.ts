import type { Logger } from '@sekisho/telemetry';
import type { AccountStore } from '../accounts/account.ts';
import { activeVersionsAt } from '../accounts/sql-accounts.ts';
import type { OpenDatabase } from '../database/open.ts';
import type { StoreConnections } from '../regions/connections.ts';
import type { SessionEndings } from '../sessions/session-endings.ts';
import { type ConfirmLogIns, createConfirmLogIns } from './confirm-log-ins.ts';
import type { Authenticate } from './login.ts';
import { notingAccounts, notingAuthenticate } from './note-unconfirmed.ts';
import { createUnconfirmedLogIns } from './unconfirmed-log-ins.ts';

export interface ReplicaLogInsOptions {
  readonly database: Pick<OpenDatabase, 'db' | 'replica'>;
  readonly connections: Pick<StoreConnections, 'local' | 'global' | 'serving'>;
  /** First part of every key in Redis. @default 'sk' */
  readonly prefix?: string;
  /** Milliseconds that a log-in rests before the primary is asked. @default 10_000 */
  readonly restMs?: number | undefined;
  readonly endings: Pick<SessionEndings, 'lockOut'>;
  readonly log: Logger;
}

/** What is different about logging in where the database has a replica. */
export interface ReplicaLogIns {
  noteAuthenticated(authenticate: Authenticate): Authenticate;
  noteBegun(accounts: AccountStore): AccountStore;
  readonly confirm: ConfirmLogIns;
}

const WITHOUT: ReplicaLogIns = {
  noteAuthenticated: (authenticate) => authenticate,
  noteBegun: (accounts) => accounts,
  confirm: async () => undefined,
};

export function createReplicaLogIns(options: ReplicaLogInsOptions): ReplicaLogIns {
  const { database, connections, prefix = 'sk', restMs, endings, log } = options;
  const { db, replica } = database;
  if (replica === undefined) return WITHOUT;
  const { local, global, serving } = connections;
  const at = (redis: typeof serving) => createUnconfirmedLogIns({ redis, prefix, restMs });
  const noting = { believed: () => replica.age.believed, logIns: at(serving) };
  return {
    noteAuthenticated: (authenticate) => notingAuthenticate(noting, authenticate),
    noteBegun: (accounts) => notingAccounts(noting, accounts),
    confirm: createConfirmLogIns({
      stores: [local, ...(global === undefined ? [] : [global])].map(at),
      activeVersions: activeVersionsAt(db),
      endings,
      log,
    }),
  };
}
