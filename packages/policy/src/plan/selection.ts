import { Value } from 'typebox/value';
import type { Selector } from '../compile/istio.ts';
import { labelKeyProblems } from '../parse/selector.ts';
import { selectorSchema } from '../schema/service-auth-policy.ts';

export type Labels = Readonly<Record<string, string>>;

/** Specs are never mutated, and each is read once for every policy of its namespace. */
const known = new WeakMap<object, Selector | undefined>();

/** What a policy selects, when that much of it can be read: an otherwise broken policy still names its workload. */
export function selectionOf(spec: unknown): Selector | undefined {
  if (typeof spec !== 'object' || spec === null) return undefined;
  if (!known.has(spec)) known.set(spec, readSelector(Reflect.get(spec, 'selector')));
  return known.get(spec);
}

function readSelector(selector: unknown): Selector | undefined {
  return Value.Check(selectorSchema, selector) && labelKeyProblems(selector.matchLabels).length === 0
    ? selector
    : undefined;
}

/** Every workload that `narrow` selects is selected by `wide` too. */
export function selectsAll(wide: Labels, narrow: Labels): boolean {
  return Object.entries(wide).every(([key, value]) => narrow[key] === value);
}

/**
 * False only when no workload can carry both sets of labels: one label with different values. `app: a` and `tier: b` may meet on
 * one, and two allow lists there would open the union of both.
 */
export function mayMeet(a: Labels, b: Labels): boolean {
  return Object.entries(a).every(([key, value]) => !Object.hasOwn(b, key) || b[key] === value);
}
