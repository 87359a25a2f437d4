import { isDeepStrictEqual } from 'node:util';
import type { Changes, FieldChange } from './audit.ts';

/** Values by the name of their field; a field without a value is left out. */
export type Fields = ReadonlyMap<string, unknown>;

/** What differs, by field, whatever the order of keys within a value: PostgreSQL's jsonb has one of its own. */
export function differences(old: Fields, next: Fields): Changes {
  const names = [...new Set([...old.keys(), ...next.keys()])];
  const changed = names.filter((name) => !isDeepStrictEqual(old.get(name), next.get(name)));
  return Object.fromEntries(changed.map((name) => [name, fieldChange(old.get(name), next.get(name))]));
}

function fieldChange(old: unknown, next: unknown): FieldChange {
  return { ...(old !== undefined && { old }), ...(next !== undefined && { new: next }) };
}
