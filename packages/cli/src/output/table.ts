import { safe } from './safe.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
}

/** Text in columns, two spaces between them, one line for each row. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = [
    columns.map(({ title }) => title.toUpperCase()),
    ...rows.map((row) => columns.map(({ value }) => safe(value(row)) || '-')),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => (line[index] ?? '').length)));
  return cells.map((line) => toLine(line, widths)).join('');
}

/** One thing: a line for each of its fields. */
export function record(fields: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...fields.map(([name]) => name.length)) + 1;
  return fields.map(([name, value]) => toLine([`${name}:`, safe(value) || '-'], [width, 0])).join('');
}

function toLine(cells: readonly string[], widths: readonly number[]): string {
  return `${cells
    .map((cell, index) => cell.padEnd(widths[index] ?? 0))
    .join('  ')
    .trimEnd()}\n`;
}
