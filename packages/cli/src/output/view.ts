import type { Terminal } from '../context.ts';
import { safe, safeJson } from './safe.ts';
import { type Column, record, table } from './table.ts';

export const OUTPUTS = ['table', 'json'] as const;
export type Output = (typeof OUTPUTS)[number];

/** How results are shown: for a person, or for a program. */
export interface View {
  /** @param answer what the server said, for `json` */
  list<Row>(answer: unknown, rows: readonly Row[], columns: readonly Column<Row>[]): void;
  item(answer: unknown, fields: readonly (readonly [name: string, value: string])[]): void;
  /** Something is done; what a person may want to do next. */
  done(what: string, next: string): void;
  /** What a person may want to do next. */
  next(text: string): void;
}

export function createView(terminal: Terminal, output: Output): View {
  const isForPerson = output === 'table';
  const show = (answer: unknown, text: () => string) => terminal.out(isForPerson ? text() : `${safeJson(answer)}\n`);
  // To standard error, so that a pipe gets results only.
  const tell = (text: string) => {
    if (isForPerson) terminal.err(`${safe(text)}\n`);
  };
  return {
    list: (answer, rows, columns) =>
      show(answer, () => (rows.length === 0 ? 'Nothing found.\n' : table(rows, columns))),
    item: (answer, fields) => show(answer, () => record(fields)),
    done(what, next) {
      tell(what);
      tell(`Next: ${next}`);
    },
    next: (text) => tell(`Next: ${text}`),
  };
}
