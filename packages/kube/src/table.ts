import { KubeError } from './errors.ts';
import { isRecord, textField } from './json.ts';

/** A metav1.Table: the printer columns of a kind. `priority` 0 is shown always, more only with `-o wide`. */
export interface Table {
  readonly columns: readonly { readonly name: string; readonly type: string; readonly priority: number }[];
  readonly rows: readonly (readonly unknown[])[];
}

export function toTable(what: string, raw: unknown): Table {
  if (!isRecord(raw) || raw['kind'] !== 'Table') throw new KubeError('malformed', `${what}: the answer is no Table`);
  return { columns: records(raw['columnDefinitions']).map(column), rows: records(raw['rows']).map(cells) };
}

function column(raw: Readonly<Record<string, unknown>>): Table['columns'][number] {
  const priority = raw['priority'];
  return {
    name: textField(raw, 'name') ?? '',
    type: textField(raw, 'type') ?? 'string',
    priority: typeof priority === 'number' ? priority : 0,
  };
}

function cells(row: Readonly<Record<string, unknown>>): readonly unknown[] {
  return Array.isArray(row['cells']) ? row['cells'] : [];
}

function records(raw: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(raw) ? raw.filter(isRecord) : [];
}
