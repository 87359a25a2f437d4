/** What JSON holds. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** A manifest on its way to a template: some values are expressions of Go's template language, some stand under a condition. */
export type Node =
  | { readonly type: 'scalar'; readonly value: null | boolean | number | string }
  /** One value on the line of its key, for example `{{ .Values.auth.replicas }}`. */
  | { readonly type: 'expression'; readonly text: string }
  /** An expression, without braces, that writes several lines, for example `toYaml .Values.auth.resources`. */
  | { readonly type: 'lines'; readonly text: string }
  | { readonly type: 'map'; readonly children: readonly Child[] }
  | { readonly type: 'list'; readonly children: readonly Child[] };

export interface Child {
  /** In a map; left out by lines that write keys of their own. */
  readonly key?: string;
  readonly node: Node;
  /** Expressions that must all hold for it to be written. */
  readonly when?: readonly string[];
  /** An expression that must not be empty; `.` in the lines below. */
  readonly with?: string;
}

export function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

export function isList(json: Json | undefined): json is readonly Json[] {
  return Array.isArray(json);
}

/** A tree that says what `json` says, everywhere. */
export function plain(json: Json): Node {
  if (isList(json)) return { type: 'list', children: json.map((item) => ({ node: plain(item) })) };
  if (!isObject(json)) return { type: 'scalar', value: json };
  return { type: 'map', children: Object.entries(json).map(([key, value]) => ({ key, node: plain(value) })) };
}

/** What a tree says that has neither conditions nor expressions; undefined of any other. */
export function toJson(node: Node): Json | undefined {
  if (node.type === 'scalar') return node.value;
  if (node.type === 'expression' || node.type === 'lines') return undefined;
  const values = node.children.map((child) => ((child.when ?? []).length === 0 ? toJson(child.node) : undefined));
  if (!values.every((value) => value !== undefined)) return undefined;
  if (node.type === 'list') return values;
  return Object.fromEntries(node.children.map(({ key = '' }, index) => [key, values[index] ?? null]));
}

/** Every text of a tree, replaced where `replace` answers something. */
export function mapTexts(node: Node, replace: (value: string) => Node | undefined): Node {
  switch (node.type) {
    case 'scalar':
      return (typeof node.value === 'string' ? replace(node.value) : undefined) ?? node;
    case 'expression':
    case 'lines':
      return node;
    case 'map':
    case 'list':
      return { ...node, children: node.children.map((child) => ({ ...child, node: mapTexts(child.node, replace) })) };
  }
}
