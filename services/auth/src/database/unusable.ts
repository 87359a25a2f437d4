/** What waiting does not mend, by SQLSTATE or its class: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const REASONS: readonly (readonly [code: string, reason: string])[] = [
  ['28', 'DATABASE_URL names a user or a password that PostgreSQL does not let in'],
  ['3D', 'DATABASE_URL names a database that does not exist: create it'],
  ['42501', 'the user of DATABASE_URL may not change the schema: make it the owner of its database'],
  ['22', 'a migration of the database fails on what is stored'],
  ['23', 'a migration of the database fails on what is stored'],
  ['42', 'a migration of the database fails on its schema, which something else has changed'],
];
/** Of kysely, which has no codes. */
const CORRUPTED = /^corrupted migrations/;

/** Why a database that could not be opened will not be usable later either; undefined where it may be. */
export function whyUnusable(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (CORRUPTED.test(error.message)) return 'the migrations of the database are not those of this release';
  const code = 'code' in error && typeof error.code === 'string' && isSqlState(error.code) ? error.code : undefined;
  return code === undefined ? undefined : REASONS.find(([prefix]) => code.startsWith(prefix))?.[1];
}

/** Codes of the system look otherwise: ECONNREFUSED. */
const isSqlState = (code: string): boolean => /^[0-9A-Z]{5}$/.test(code);
