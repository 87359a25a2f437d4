/** A verified payload. */
export type Claims = Readonly<Record<string, unknown>>;

/** RFC 8693 section 4.2 and what Istio adds to it: at the top level these are lists, separated by spaces. */
const SPACE_DELIMITED: ReadonlySet<string> = new Set(['scope', 'permission']);
const NONE: readonly string[] = [];

/** The texts at a claim path, as Envoy's RBAC compares them: a text, or those of a list; of anything else none. */
export function claimValues(claims: Claims, path: readonly string[]): readonly string[] {
  let node: unknown = claims;
  for (const name of path) {
    if (!isObject(node) || !Object.hasOwn(node, name)) return NONE;
    node = node[name];
  }
  if (typeof node === 'string') return path.length === 1 ? topLevelText(path[0], node) : [node];
  if (!Array.isArray(node)) return NONE;
  return areTexts(node) ? node : node.filter((item) => typeof item === 'string');
}

/** A loop: it is asked several times of every request, and `every` takes three times as long. */
export function areTexts(list: readonly unknown[]): boolean {
  for (const item of list) if (typeof item !== 'string') return false;
  return true;
}

function topLevelText(name: string | undefined, value: string): readonly string[] {
  if (name === undefined || !SPACE_DELIMITED.has(name)) return [value];
  return value.split(' ').filter((part) => part !== '');
}

function isObject(node: unknown): node is Claims {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}
