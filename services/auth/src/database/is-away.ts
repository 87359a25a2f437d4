import pg from 'pg';
import { AuthError } from '../errors.ts';

/**
 * SQLSTATE classes and codes by which a server says that it cannot answer now: connection exceptions, insufficient resources, an
 * operator's intervention such as a shutdown (with that of statement_timeout), system errors.
 */
const AWAY = /^(08|53|57|58)/;

/** Whether a query got no answer, rather than one that says no. */
export function isAway(error: unknown): boolean {
  // Of our own: a replica that is not believed.
  if (error instanceof AuthError) return false;
  // Of the driver: no connection, one that broke, none free in time, no answer in time.
  if (!(error instanceof pg.DatabaseError)) return true;
  return AWAY.test(error.code ?? '');
}
