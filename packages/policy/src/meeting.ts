import type { Target } from './compile/istio.ts';
import { labelSets } from './target.ts';
import { GATEWAY } from './vocabulary.ts';

/**
 * An index of targets: those that may meet a given one (see `mayMeet`) are found without a look at all others. Targets that name the
 * same labels form a family. Two selectors contradict each other only by a label that both name, so of a family that shares a
 * label with a selector only those with its value come into question, and of one that shares none all members do.
 */

/** No label's name: those hold no such character. */
const GATEWAYS = '@gateways';

/** The family of a target. There are few: a cluster's policies select by few combinations of labels. */
export function familyOf(target: Target): string {
  return 'selector' in target ? Object.keys(target.selector.matchLabels).sort().join(',') : GATEWAYS;
}

/** Under which values a target must be filed. */
export function placesOf(target: Target): readonly string[] {
  const family = familyOf(target);
  const labelled = labelSets(target).flatMap((labels) =>
    Object.entries(labels).map(([label, value]) => place(family, label, value)),
  );
  return [family, ...labelled];
}

/** Under which values all members of `family` are found that may meet `target`, and perhaps others. */
export function placesMeeting(target: Target, family: string): readonly string[] {
  if (!('selector' in target) || family === GATEWAYS) return gatewayPlaces(target, family);
  const { matchLabels } = target.selector;
  const shared = labelsOf(family).find((label) => Object.hasOwn(matchLabels, label));
  return [shared === undefined ? family : place(family, shared, matchLabels[shared])];
}

/** A Gateway's proxies meet only where their own label is named. */
function gatewayPlaces(target: Target, family: string): readonly string[] {
  const label = GATEWAY.nameLabel;
  if (family !== GATEWAYS && !labelsOf(family).includes(label)) return [];
  const gateways = labelSets(target).flatMap((labels) => labels[label] ?? []);
  return gateways.map((name) => place(family, label, name));
}

function labelsOf(family: string): readonly string[] {
  return family.split(',');
}

function place(family: string, label: string, value: string | undefined): string {
  return `${family} ${label}=${value}`;
}
