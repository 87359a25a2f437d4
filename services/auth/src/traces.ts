import { errorType, type Tracing, wrap } from '@sekisho/telemetry';
import type { Minter, Verify } from '@sekisho/tokens';
import type { LogEvent } from 'kysely';
import type { PasswordHasher } from './passwords/hasher.ts';

/** A span for each query within a recorded trace, by its kind and tables alone: never its text or its values. */
export function queryLog(tracing: Tracing): ((event: LogEvent) => void) | undefined {
  if (!tracing.enabled) return undefined;
  return (event) => {
    const operation = operationOf(event);
    tracing.past(
      {
        name: operation,
        kind: 'client',
        attributes: { 'db.system.name': 'postgresql', 'db.operation.name': operation },
      },
      {
        tookMs: event.queryDurationMillis,
        errorType: event.level === 'error' ? errorType(event.error) : undefined,
      },
    );
  };
}

/** `SelectQueryNode` is a SELECT; of what was written as text, nothing is known. */
function operationOf({ query: { query } }: LogEvent): string {
  const [, operation] = /^(Select|Insert|Update|Delete)QueryNode$/.exec(query.kind) ?? [];
  return operation?.toUpperCase() ?? 'SQL';
}

export function tracedMinter(tracing: Tracing, minter: Minter): Minter {
  const traced = <A extends unknown[], R>(kind: string, mint: (...args: A) => Promise<R>) =>
    wrap(tracing, { name: 'token.mint', attributes: { 'sekisho.token.kind': kind } }, mint);
  return {
    access: traced('access', minter.access),
    narrow: traced('narrow', minter.narrow),
    service: traced('service', minter.service),
    delegated: traced('delegated', minter.delegated),
  };
}

export function tracedVerify(tracing: Tracing, verify: Verify): Verify {
  return wrap(tracing, { name: 'jwt.verify' }, verify);
}

/** With the time that they wait for a core. */
export function tracedPasswords(tracing: Tracing, passwords: PasswordHasher): PasswordHasher {
  return {
    hash: wrap(tracing, { name: 'password.hash' }, passwords.hash),
    verify: wrap(tracing, { name: 'password.verify' }, passwords.verify),
    isOutdated: passwords.isOutdated,
  };
}
