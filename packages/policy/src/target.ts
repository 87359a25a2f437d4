import type { Selector, Target } from './compile/istio.ts';
import { shapeOf } from './parse/shape.ts';
import { labelKeyProblems } from './parse/target.ts';
import { selectorSchema, type TargetRef, targetRefsSchema } from './schema/service-auth-policy.ts';
import { GATEWAY } from './vocabulary.ts';

export type Labels = Readonly<Record<string, string>>;

/** Specs are never mutated, and each is read once for every policy of its namespace. */
const known = new WeakMap<object, Target | undefined>();

/**
 * What a ServiceAuthPolicy, or an Istio object made from one, is aimed at, when that much of it can be read: an otherwise
 * broken policy still names its workloads.
 */
export function targetOf(spec: unknown): Target | undefined {
  if (typeof spec !== 'object' || spec === null) return undefined;
  if (!known.has(spec)) known.set(spec, readTarget(spec));
  return known.get(spec);
}

function readTarget(spec: object): Target | undefined {
  const { selector, targetRefs }: { selector?: unknown; targetRefs?: unknown } = spec;
  if (selector !== undefined && targetRefs !== undefined) return undefined;
  if (isSelector(selector)) return { selector };
  return isTargetRefs(targetRefs) ? { targetRefs: [...targetRefs].sort(byName) } : undefined;
}

const selectorShape = shapeOf(selectorSchema);
const targetRefsShape = shapeOf(targetRefsSchema);

function isSelector(raw: unknown): raw is Selector {
  return selectorShape.fits(raw) && labelKeyProblems(raw.matchLabels).length === 0;
}

function isTargetRefs(raw: unknown): raw is readonly TargetRef[] {
  return targetRefsShape.fits(raw);
}

/** The order in which Gateways are listed means nothing. */
function byName(a: TargetRef, b: TargetRef): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/**
 * The labels of what a target reaches: a workload that carries all of one set. istiod finds the proxies of a Gateway by a label
 * too, which a selector may name as well; so the two kinds of target are compared as one.
 */
export function labelSets(target: Target): readonly Labels[] {
  if ('selector' in target) return [target.selector.matchLabels];
  return target.targetRefs.map(({ name }) => ({ [GATEWAY.nameLabel]: name }));
}

/** Every workload that `narrow` selects is selected by `wide` too. */
export function selectsAll(wide: Labels, narrow: Labels): boolean {
  return Object.entries(wide).every(([key, value]) => narrow[key] === value);
}

/** Every workload that `narrow` reaches is reached by `wide` too. */
export function coversAll(wide: Target, narrow: Target): boolean {
  return labelSets(narrow).every((inner) => labelSets(wide).some((outer) => selectsAll(outer, inner)));
}

/**
 * False only when no workload can carry both sets of labels: one label with different values. `app: a` and `tier: b` may meet on
 * one, and two allow lists there would open the union of both. The proxies of a Gateway are not expected to carry labels of
 * other workloads, or a Gateway could not share a namespace with anything: they meet where their own label is named.
 */
export function mayMeet(a: Target, b: Target): boolean {
  if ('selector' in a && 'selector' in b) return noneContradicts(a.selector.matchLabels, b.selector.matchLabels);
  return labelSets(a).some((left) => labelSets(b).some((right) => sameGateway(left, right)));
}

function noneContradicts(a: Labels, b: Labels): boolean {
  return Object.entries(a).every(([key, value]) => !Object.hasOwn(b, key) || b[key] === value);
}

function sameGateway(a: Labels, b: Labels): boolean {
  return a[GATEWAY.nameLabel] !== undefined && a[GATEWAY.nameLabel] === b[GATEWAY.nameLabel];
}
