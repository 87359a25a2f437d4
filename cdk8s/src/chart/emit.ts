import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { ManifestError } from '../errors.ts';
import type { Child, Node } from './tree.ts';

/** Text of one template: each item of the list is a YAML document. */
export function emitDocuments(documents: readonly Child[]): string {
  const lines = grouped(documents).flatMap(({ when, children }) =>
    guarded(
      when,
      children.flatMap(({ node }) => ['---', ...block(node, '')]),
      '',
    ),
  );
  return `${lines.join('\n')}\n`;
}

/** Lines of a map or a list, or those that an expression writes. */
function block(node: Node, indent: string): string[] {
  switch (node.type) {
    case 'map':
      return children(node.children, indent, entry);
    case 'list':
      return children(node.children, indent, item);
    case 'lines':
      return [`${indent}{{- ${node.text} | nindent ${indent.length} }}`];
    case 'scalar':
    case 'expression':
      return [indent + inline(node)];
  }
}

function children(all: readonly Child[], indent: string, emit: (child: Child, indent: string) => string[]): string[] {
  if (mayBeEmpty(all)) throw new ManifestError('chart_invalid', `something may be left empty: ${JSON.stringify(all)}`);
  const groups = grouped(all).map(({ when, children: group }) => ({
    when,
    lines: group.flatMap((child) => filled(child, emit(child, indent), indent)),
  }));
  return groups.flatMap(({ when, lines }, index) => {
    const [before, after] = [groups[index - 1], groups[index + 1]];
    const isElse = before !== undefined && areOpposite(before.when, when);
    const hasElse = after !== undefined && areOpposite(when, after.when);
    if (isElse) return [`${indent}{{- else }}`, ...lines, `${indent}{{- end }}`];
    const written = guarded(when, lines, indent);
    return hasElse ? written.slice(0, -1) : written;
  });
}

const areOpposite = (first: readonly string[], second: readonly string[]): boolean =>
  first.length === 1 && second.length === 1 && second[0] === `not ${first[0]}`;

function entry({ key, node }: Child, indent: string): string[] {
  if (key === undefined) return block(node, indent);
  const name = `${indent}${text(key)}:`;
  if (node.type === 'scalar' || node.type === 'expression') return [`${name} ${inline(node)}`];
  if (isEmpty(node)) return [`${name} ${node.type === 'map' ? '{}' : '[]'}`];
  return [name, ...block(node, `${indent}  `)];
}

function item({ node }: Child, indent: string): string[] {
  if (node.type === 'lines') return block(node, indent);
  if (isEmpty(node)) return [`${indent}- ${node.type === 'map' ? '{}' : '[]'}`];
  const [first = '', ...rest] = block(startingPlain(node), `${indent}  `);
  return [`${indent}- ${first.trimStart()}`, ...rest];
}

/** What is left out must not leave a key without a value: to a NetworkPolicy it would mean everybody. */
function mayBeEmpty(all: readonly Child[]): boolean {
  const conditions = all.map((child) => [...(child.when ?? []), ...(child.with === undefined ? [] : [child.with])]);
  const alone = new Set(conditions.filter(({ length }) => length === 1).flat());
  const covered = [...alone].some((condition) => alone.has(`not ${condition}`));
  return all.length > 0 && !covered && conditions.every(({ length }) => length > 0);
}

const isEmpty = (node: Node): boolean => (node.type === 'map' || node.type === 'list') && node.children.length === 0;

/** A dash needs something beside it that is always there; the order of keys means nothing. */
function startingPlain(node: Node): Node {
  if (node.type !== 'map') return node;
  const isPlain = (child: Child): boolean =>
    (child.when ?? []).length === 0 && child.with === undefined && child.key !== undefined;
  const first = node.children.find(isPlain);
  if (first === undefined)
    throw new ManifestError('chart_invalid', 'an item of a list has no key that is always there');
  return { ...node, children: [first, ...node.children.filter((child) => child !== first)] };
}

interface Group {
  readonly when: readonly string[];
  readonly children: Child[];
}

/** Neighbours under the same condition share one `if`. */
function grouped(all: readonly Child[]): readonly Group[] {
  const groups: Group[] = [];
  for (const child of all) {
    const when = child.when ?? [];
    const last = groups.at(-1);
    if (last !== undefined && isDeepStrictEqual(last.when, when)) last.children.push(child);
    else groups.push({ when, children: [child] });
  }
  return groups;
}

function guarded(when: readonly string[], lines: readonly string[], indent: string): string[] {
  if (when.length === 0) return [...lines];
  const [only = ''] = when;
  const condition = when.length === 1 ? only : `and ${when.map((one) => `(${one})`).join(' ')}`;
  return [`${indent}{{- if ${condition} }}`, ...lines, `${indent}{{- end }}`];
}

function filled({ with: value }: Child, lines: readonly string[], indent: string): string[] {
  return value === undefined ? [...lines] : [`${indent}{{- with ${value} }}`, ...lines, `${indent}{{- end }}`];
}

function inline(node: Extract<Node, { type: 'scalar' | 'expression' }>): string {
  return node.type === 'expression' ? node.text : text(node.value);
}

/** On one line, and for readers of YAML 1.1, which Helm is. */
function text(value: null | boolean | number | string): string {
  if (typeof value !== 'string') return String(value);
  if (value.includes('{{')) throw new ManifestError('chart_invalid', `a template would read ${JSON.stringify(value)}`);
  if (value.includes('\n')) return JSON.stringify(value);
  return stringify(value, { version: '1.1', lineWidth: 0 }).trimEnd();
}
