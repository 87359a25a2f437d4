import type { LiveKey, RotationRules } from './rotation.ts';

/** However soon a key may sign: services of several regions take a while to be started one after the other. */
const SET_UP_MS = 900_000;

/**
 * Whether a region's first key has to wait. Where nothing is older than it takes to publish a key, all is being set up: the
 * others' own first keys are held by nobody either.
 */
export function isNewcomer(
  {
    hasSigned,
    others,
    now,
  }: { readonly hasSigned: boolean; readonly others: readonly LiveKey[]; readonly now: number },
  { region, publishMs }: Pick<RotationRules, 'region' | 'publishMs'>,
): boolean {
  const setUpMs = Math.max(SET_UP_MS, publishMs);
  return region !== '' && !hasSigned && others.some(({ since }) => now - since >= setUpMs);
}
