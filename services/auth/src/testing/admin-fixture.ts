import { randomUUID } from 'node:crypto';
import type { Checks, Logger } from '@sekisho/telemetry';
import type { AccessGrant } from '@sekisho/tokens';
import type { InjectOptions } from 'fastify';
import { AUDIENCE, type OwedRevocation } from '../accounts/account.ts';
import { createAdministration } from '../accounts/administration.ts';
import type { AuditEntry, AuditQuery } from '../audit/audit.ts';
import { buildAdminApp } from '../http/admin-app.ts';
import { createAuthorize } from '../http/authorize.ts';
import { createAssertTokensFit } from '../login/tokens-fit.ts';
import { administratorGrant, alice, createFixture } from './fixture.ts';
import { memoryAccounts } from './memory-accounts.ts';

export const READ_AND_WRITE = ['users:read', 'users:write', 'grants:admin', 'audit:read'];

/** The administrators' app in memory, with a caller that brings a token. */
export function createAdminFixture({
  checks = {},
  ...given
}: {
  readonly checks?: Checks;
  readonly log?: Logger;
} = {}) {
  const accounts = memoryAccounts(alice);
  const fixture = createFixture({ accounts });
  const { log, passwords, metrics, registry, sessions, clock, verifyFor, mint } = { ...fixture, ...given };
  const owed: OwedRevocation[] = [];
  const redis = { isAway: false };
  const outbox = {
    async make(revocation: OwedRevocation) {
      owed.push(revocation);
      return !redis.isAway;
    },
  };
  const assertTokensFit = createAssertTokensFit(mint);
  const administration = createAdministration({ accounts, passwords, outbox, assertTokensFit, uuid: randomUUID });
  const audit = {
    async list({ limit }: AuditQuery): Promise<readonly AuditEntry[]> {
      const entries = accounts.audited.map((record, index) => ({ ...record, id: String(index + 1), at: clock() }));
      return entries.reverse().slice(0, limit);
    },
  };
  const authorize = createAuthorize({ verify: verifyFor(AUDIENCE), clock, metrics });
  const app = buildAdminApp({ log, metrics: registry, checks, accounts, sessions, administration, audit, authorize });
  const token = async (permissions: readonly string[], grant: Partial<AccessGrant> = {}) => {
    return (await mint({ ...administratorGrant(permissions), ...grant })).token;
  };
  const call = async (options: InjectOptions, bearer?: string) => {
    const authorization = `Bearer ${bearer ?? (await token(READ_AND_WRITE))}`;
    return app.inject({ ...options, headers: { authorization, ...options.headers } });
  };
  return { ...fixture, accounts, owed, redis, app, call, token };
}
