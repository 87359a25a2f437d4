import { type TProperties, type TSchema, type TString, Type } from 'typebox';

const MAX_PAGE = 200;
export const DEFAULT_PAGE = 50;

const strict = { additionalProperties: false } as const;

/** The query of a list: how many, from where, and its filters. */
export function PageQuery<Filters extends TProperties>(cursor: TString, filters: Filters) {
  return Type.Object(
    {
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, description: `@default ${DEFAULT_PAGE}` })),
      cursor: Type.Optional(cursor),
      ...filters,
    },
    strict,
  );
}

export function PageAnswer<Item extends TSchema>(item: Item) {
  return Type.Object({
    items: Type.Array(item),
    next: Type.Optional(Type.String({ description: 'the cursor of the next page; absent on the last one' })),
  });
}

/**
 * One page of a list that was asked for one item more than the page holds.
 * @param cursorOf of the last item on a page
 */
export function toPage<T, A>(
  found: readonly T[],
  { limit, cursorOf, answer }: { limit: number; cursorOf: (item: T) => string; answer: (item: T) => A },
): { items: A[]; next?: string } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const next = found.length > limit && last !== undefined && { next: cursorOf(last) };
  return { items: items.map(answer), ...next };
}
