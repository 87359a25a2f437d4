import type { CompiledQuery, Kysely } from 'kysely';
import type { Database } from './schema.ts';

/** A query with one parameter, such as an id. */
export type Ask<Value, Row> = (value: Value) => Promise<readonly Row[]>;

/**
 * Builds and compiles a query once: for what every request asks, making its text again and again costs as much as
 * asking.
 * @param sample any value of the one parameter, to build it with
 */
export function compiledOnce<Value, Row>(
  db: Kysely<Database>,
  sample: Value,
  build: (value: Value) => { compile(): CompiledQuery<Row> },
): Ask<Value, Row> {
  const compiled = build(sample).compile();
  if (compiled.parameters.length !== 1) throw new TypeError('the query must have the value as its one parameter');
  return async (value) => {
    const query: CompiledQuery<Row> = { ...compiled, parameters: [value] };
    return (await db.executeQuery(query)).rows;
  };
}
