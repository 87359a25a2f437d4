/** A key set that is too long is refused whole: the operator and the guard take so many keys of an issuer. */
export const MAX_PUBLISHED = 128;
/** Beside its `next` and `active`, however few regions there are. */
const MAX_RETIRING = 14;

/** How many keys of one signer may retire in each region, so that those of all fit into one set. */
export function maxRetiring({ signers, regions }: { readonly signers: number; readonly regions: number }): number {
  return Math.min(MAX_RETIRING, Math.floor(MAX_PUBLISHED / (signers * regions)) - 2);
}
