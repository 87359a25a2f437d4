import { isDeepStrictEqual } from 'node:util';
import { type Child, isList, isObject, type Json, type JsonObject, type Node, plain } from './tree.ts';

/** The same manifests with one thing switched off. */
export interface Variant<T extends Json = Json> {
  /** What holds where it is on, for example `.Values.guard.enabled`. */
  readonly condition: string;
  readonly off: T;
}

/**
 * One tree for what is rendered with everything on and for what is left when one thing is off: what only one of them has stands under
 * the condition, or under its opposite. Things that are independent of each other may be off together.
 */
export function merge(on: Json, variants: readonly Variant[]): Node {
  const differing = variants.filter(({ off }) => !isDeepStrictEqual(on, off));
  if (differing.length === 0) return plain(on);
  if (isList(on)) return { type: 'list', children: mergeLists(on, differing.filter(hasList)) };
  if (isObject(on)) return { type: 'map', children: mergeMaps(on, differing.filter(hasObject)) };
  return plain(on);
}

const hasList = (variant: Variant): variant is Variant<readonly Json[]> => isList(variant.off);
const hasObject = (variant: Variant): variant is Variant<JsonObject> => isObject(variant.off);
const opposite = (condition: string): string => `not ${condition}`;

function mergeMaps(on: JsonObject, variants: readonly Variant<JsonObject>[]): Child[] {
  const children = Object.entries(on).flatMap(([key, value]) =>
    mergeOne(
      value,
      variants.map(({ condition, off }) => ({ condition, off: off[key] })),
    ).map((child) => ({ key, ...child })),
  );
  for (const { condition, off } of variants) {
    const left = Object.entries(off).filter(([key]) => !(key in on));
    children.push(...left.map(([key, value]) => ({ key, node: plain(value), when: [opposite(condition)] })));
  }
  return children;
}

function mergeLists(on: readonly Json[], variants: readonly Variant<readonly Json[]>[]): Child[] {
  const alignments = variants.map(({ condition, off }) => ({ condition, ...align(on, off) }));
  const left = (index: number): Child[] =>
    alignments.flatMap(({ condition, before }) =>
      (before[index] ?? []).map((item) => ({ node: plain(item), when: [opposite(condition)] })),
    );
  const items = on.flatMap((item, index) => [
    ...left(index),
    ...mergeOne(
      item,
      alignments.map(({ condition, partners }) => ({ condition, off: partners[index] })),
    ),
  ]);
  return [...items, ...left(on.length)];
}

/** What stands for one value: itself, under the conditions without which it is missing, and what is there instead. */
function mergeOne(on: Json, partners: readonly { condition: string; off: Json | undefined }[]): Child[] {
  const when = partners.filter(({ off }) => off === undefined).map(({ condition }) => condition);
  const present = partners.flatMap(({ condition, off }) => (off === undefined ? [] : [{ condition, off }]));
  const replaced = present.filter(({ off }) => !sameShape(on, off));
  const child = {
    node: merge(
      on,
      present.filter(({ off }) => sameShape(on, off)),
    ),
    when: [...when, ...replaced.map(({ condition }) => condition)],
  };
  return [child, ...replaced.map(({ condition, off }) => ({ node: plain(off), when: [...when, opposite(condition)] }))];
}

function sameShape(on: Json, off: Json): boolean {
  return (isList(on) && isList(off)) || (isObject(on) && isObject(off)) || on === off;
}

/** Which item of `off` stands for each of `on`, and what of `off` stands before each, for which there is none. */
function align(on: readonly Json[], off: readonly Json[]) {
  const partners: (Json | undefined)[] = [];
  const before: Json[][] = [];
  let position = 0;
  for (const item of on) {
    const found = off.findIndex((other, index) => index >= position && identity(other) === identity(item));
    before.push(found < 0 ? [] : off.slice(position, found));
    partners.push(found < 0 ? undefined : off[found]);
    if (found >= 0) position = found + 1;
  }
  return { partners, before: [...before, off.slice(position)] };
}

/** What makes an item of a list the same one although its content differs. */
function identity(item: Json): string {
  if (!isObject(item)) return JSON.stringify(item);
  const { kind, name, metadata, ports } = item;
  if (isObject(metadata)) return [kind, metadata['namespace'], metadata['name']].join('/');
  // Rules of NetworkPolicies are told apart by what they open.
  return typeof name === 'string' ? name : JSON.stringify(ports ?? item);
}
