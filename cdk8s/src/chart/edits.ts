import { ManifestError } from '../errors.ts';
import { type Child, type Node, plain } from './tree.ts';

/** Where in a manifest: keys, positions in a list, and `[name]` for the item of that name, joined by dots. */
export type Path = string;

/** What a path leads to, changed; the path must lead somewhere. */
export function replaceAt(root: Node, path: Path, replace: (child: Child) => Child): Node {
  const [segment = '', ...rest] = path.split('.');
  const children = childrenOf(root);
  const index = find(children, segment);
  const child = children[index];
  if (child === undefined || root.type === 'scalar')
    throw new ManifestError('chart_invalid', `nothing is at ${path} any more`);
  const changed =
    rest.length === 0 ? replace(child) : { ...child, node: replaceAt(child.node, rest.join('.'), replace) };
  return withChildren(root, children.with(index, changed));
}

/** The node that a path leads to. */
export function nodeAt(root: Node, path: Path): Node | undefined {
  let node: Node | undefined = root;
  for (const segment of path.split('.')) {
    const children: readonly Child[] = node === undefined ? [] : childrenOf(node);
    node = children[find(children, segment)]?.node;
  }
  return node;
}

/** Adds to the map or list at a path. A map on the way that is missing is made. */
export function addAt(root: Node, path: Path, child: Child): Node {
  const [segment, ...rest] = path === '' ? [] : path.split('.');
  if (segment === undefined) return withChildren(root, [...childrenOf(root), child]);
  const children = childrenOf(root);
  const index = find(children, segment);
  const existing = children[index] ?? { key: segment, node: plain({}) };
  const changed = { ...existing, node: addAt(existing.node, rest.join('.'), child) };
  return withChildren(root, index < 0 ? [...children, changed] : children.with(index, changed));
}

function withChildren(node: Node, children: readonly Child[]): Node {
  if (node.type !== 'map' && node.type !== 'list')
    throw new ManifestError('chart_invalid', `there is no map or list to change, but ${node.type}`);
  return { ...node, children };
}

const childrenOf = (node: Node): readonly Child[] => (node.type === 'map' || node.type === 'list' ? node.children : []);

function find(children: readonly Child[], segment: string): number {
  const name = /^\[(.*)\]$/.exec(segment)?.[1];
  if (name !== undefined) return children.findIndex((child) => nameOf(child) === name);
  return children.findIndex(({ key }, index) => key === segment || (key === undefined && String(index) === segment));
}

/** The scalar under `name` of an item of a list. */
function nameOf({ node }: Child): unknown {
  const name = childrenOf(node).find(({ key }) => key === 'name')?.node;
  return name?.type === 'scalar' ? name.value : undefined;
}
