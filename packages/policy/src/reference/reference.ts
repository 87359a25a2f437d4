import type { CustomResourceDefinition } from '../crd/crds.ts';

type Node = Readonly<Record<string, unknown>>;

/** One field of a resource, as a reader looks for it. */
interface Field {
  readonly path: string;
  readonly type: string;
  readonly notes: string;
}

/** A condition that the API server checks across fields. */
interface Demand {
  readonly path: string;
  readonly message: string;
}

export interface ReferenceOptions {
  /** What stands between the title and the fields. */
  readonly introduction: string;
  /** Meaning of each reason of each condition. @default none are listed */
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A page about one resource: every field of `spec`, what the API server refuses, and what `status` may say. */
export function referencePage(definition: CustomResourceDefinition, options: ReferenceOptions): string {
  const names = nodeAt(definition.spec, 'names');
  const { schema, name: version } = versionOf(definition);
  const [spec, status] = [nodeAt(schema, 'properties', 'spec'), nodeAt(schema, 'properties', 'status')];
  return [
    `# ${text(names['kind'])}`,
    '<!-- Generated from packages/policy/src/schema by `make generate`. -->',
    `\`${text(definition.spec['group'])}/${version}\`, ${text(definition.spec['scope']).toLowerCase()}, short name \`${list(names['shortNames']).join(', ')}\`. ${text(schema['description'])}`,
    options.introduction,
    '## spec',
    fieldTable(fieldsOf(spec, 'spec')),
    '## What is refused',
    'The API server refuses these with the message below and the path of the field; the admission webhook and the status name more, in the same way.',
    bullets(demandsOf(schema, '').map(({ path, message }) => `${path === '' ? '' : `\`${path}\`: `}${message}`)),
    '## status',
    fieldTable(fieldsOf(status, 'status')),
    ...Object.entries(options.conditions ?? {}).flatMap(([type, reasons]) => [
      `### Condition ${type}`,
      reasonTable(reasons),
    ]),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

function versionOf({ spec }: CustomResourceDefinition): { readonly schema: Node; readonly name: string } {
  const [version] = list(spec['versions']);
  return { schema: nodeAt(version, 'schema', 'openAPIV3Schema'), name: text(node(version)['name']) };
}

/** Depth first, in the order in which the schema names them. */
function fieldsOf(parent: Node, path: string): readonly Field[] {
  const required = list(parent['required']);
  return Object.entries(node(parent['properties'])).flatMap(([name, raw]) => {
    const child = node(raw);
    const at = `${path}.${name}${child['type'] === 'array' ? '[]' : ''}`;
    const field = { path: at, type: typeOf(child), notes: notesOf(child, required.includes(name)) };
    return [field, ...fieldsOf(child['type'] === 'array' ? node(child['items']) : child, at)];
  });
}

function typeOf(field: Node): string {
  const words = list(field['enum']);
  if (words.length > 0) return words.map((word) => `\`${String(word)}\``).join(' or ');
  if (field['type'] === 'array') return `list of ${typeOf(node(field['items']))}`;
  return field['additionalProperties'] === undefined ? text(field['type']) : 'map of text';
}

function notesOf(field: Node, isRequired: boolean): string {
  const fallback = field['default'] === undefined ? '' : `Default: ${String(field['default'])}.`;
  const notes = [isRequired ? 'Required.' : '', text(field['description']), fallback, limitsOf(field)];
  return notes.filter((note) => note !== '').join(' ');
}

function limitsOf(field: Node): string {
  const items = field['maxItems'];
  const length = field['maxLength'];
  if (items !== undefined) return `At most ${String(items)}.`;
  return length === undefined ? '' : `At most ${String(length)} characters.`;
}

function demandsOf(schema: Node, path: string): readonly Demand[] {
  const own = list(schema['x-kubernetes-validations']).map((rule) => ({ path, message: text(node(rule)['message']) }));
  const below = Object.entries(node(schema['properties'])).flatMap(([name, child]) =>
    demandsOf(node(child), path === '' ? name : `${path}.${name}`),
  );
  const items = schema['items'] === undefined ? [] : demandsOf(node(schema['items']), `${path}[]`);
  return [...own, ...below, ...items];
}

function fieldTable(fields: readonly Field[]): string {
  const rows = fields.map(({ path, type, notes }) => `| \`${path}\` | ${cell(type)} | ${cell(notes)} |`);
  return ['| Field | Type | Meaning |', '|---|---|---|', ...rows].join('\n');
}

function reasonTable(reasons: Readonly<Record<string, string>>): string {
  const rows = Object.entries(reasons).map(([reason, meaning]) => `| \`${reason}\` | ${cell(meaning)} |`);
  return ['| Reason | What it says |', '|---|---|', ...rows].join('\n');
}

const bullets = (lines: readonly string[]) => lines.map((line) => `- ${line}`).join('\n');
const cell = (content: string) => content.replaceAll('|', '\\|');
const text = (value: unknown) => (typeof value === 'string' ? value : '');
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function node(value: unknown): Node {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function nodeAt(value: unknown, ...path: readonly string[]): Node {
  return path.reduce((at, name) => node(at[name]), node(value));
}
