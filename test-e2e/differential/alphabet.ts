import fc from 'fast-check';

/** Small alphabets, so that policies and requests meet often; each word stands for a way in which two readings could differ. */
export function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

export const METHODS = words('GET POST DELETE OPTIONS HEAD');
/** Of claims. Some look like patterns, lists or other spellings of each other. */
export const VALUES = ['v1', 'v2', 'V1', 'v 3', 'v*4', '\u00fc,"5'];

/** `namespace/serviceAccount` of those who have a certificate; policies name the first two. */
export const IDENTITIES = words(`
  differential/front differential/back differential/front-end differential/fron other/front differential-2/front
`);

export function some<T>(values: readonly T[], maxLength = 3): fc.Arbitrary<T[]> {
  return fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength });
}

export function weighted<T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> {
  return { weight, arbitrary };
}

/** Any of the properties, at least one. */
export function partOf<T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  return fc.record(model, { requiredKeys: [] }).filter((value) => Object.keys(value).length > 0);
}
