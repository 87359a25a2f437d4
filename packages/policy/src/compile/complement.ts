import type { Operation } from '../schema/service-auth-policy.ts';
import type { OperationMatch } from './istio.ts';

/** Paths open in one cell of the method/port grid: some patterns, or every path. */
type OpenPaths = readonly string[] | 'all';

/** Stands for every method (or port) that no opening names. */
const OTHER = undefined;

/**
 * Exactly the requests that none of `openings` matches, as Istio operations; empty when the openings match everything.
 *
 * An opening is a product methods x paths x ports, and the complement of a union of products is not one product. But only the
 * methods and ports that are named tell cells apart, so the grid (named methods + other) x (named ports + other) has few cells, and
 * in each the complement is `notPaths`. Rows, then columns, with equal open paths are merged. At most (m + 1)(p + 1) operations.
 */
export function complement(openings: readonly Operation[]): readonly OperationMatch[] {
  const methods = distinct(openings.flatMap((opening) => opening.methods ?? []));
  const ports = distinct(openings.flatMap((opening) => opening.ports ?? []));
  const columns = [...ports, OTHER];
  const rows = [...methods, OTHER].map((method) => ({
    method,
    cells: columns.map((port) => ({ port, open: openPaths(openings, method, port) })),
  }));
  return groupBy(rows, ({ cells }) => JSON.stringify(cells.map(({ open }) => open))).flatMap((alike) => {
    const inRow = axis(
      'methods',
      'notMethods',
      methods,
      alike.map(({ method }) => method),
    );
    return groupBy(alike[0].cells, ({ open }) => JSON.stringify(open)).flatMap((cells) => {
      const { open } = cells[0];
      if (open === 'all') return [];
      const inColumn = axis(
        'ports',
        'notPorts',
        ports.map(String),
        cells.map(({ port }) => port?.toString()),
      );
      return [{ ...inRow, ...inColumn, ...(open.length > 0 && { notPaths: open }) }];
    });
  });
}

function openPaths(openings: readonly Operation[], method: string | undefined, port: number | undefined): OpenPaths {
  const reaching = openings.filter((opening) => reaches(opening.methods, method) && reaches(opening.ports, port));
  if (reaching.some(({ paths }) => paths === undefined)) return 'all';
  return distinct(reaching.flatMap(({ paths }) => paths ?? []));
}

function reaches<T>(listed: readonly T[] | undefined, one: T | undefined): boolean {
  return listed === undefined || (one !== OTHER && listed.includes(one));
}

/** A set of named values, or, when it holds OTHER, all but the named values that are missing from it. */
function axis<Name extends string>(
  name: Name,
  notName: Name,
  named: readonly string[],
  group: readonly (string | undefined)[],
): { readonly [key in Name]?: readonly string[] } {
  const listed = named.filter((value) => group.includes(value) !== group.includes(OTHER));
  if (listed.length === 0) return {};
  return group.includes(OTHER) ? record(notName, listed) : record(name, listed);
}

function record<Name extends string>(name: Name, values: readonly string[]) {
  return { [name]: values } as { readonly [key in Name]?: readonly string[] };
}

/** Groups that are never empty, in the order of their first members. */
function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly [T, ...T[]])[] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

function distinct<T extends string | number>(values: readonly T[]): readonly T[] {
  return [...new Set(values)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
