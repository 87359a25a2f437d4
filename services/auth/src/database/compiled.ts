import type { CompiledQuery, Kysely } from 'kysely';
import type { Database } from './schema.ts';

/** A query for one row by one text, such as an id. */
export type FindByText<Row> = (value: string) => Promise<Row | undefined>;

/**
 * Builds and compiles a query once: for what every request asks, making its text again and again costs as much as
 * asking.
 * @param build uses the value as its one parameter
 */
export function compiledOnce<Row>(
  db: Kysely<Database>,
  build: (value: string) => { compile(): CompiledQuery<Row> },
): FindByText<Row> {
  const compiled = build('').compile();
  if (compiled.parameters.length !== 1) throw new TypeError('the query must have the value as its one parameter');
  return async (value) => {
    const query: CompiledQuery<Row> = { ...compiled, parameters: [value] };
    const { rows } = await db.executeQuery(query);
    return rows[0];
  };
}
