import { LIMIT } from '@sekisho/policy';
import { MAX_REGIONS } from '@sekisho/sessions';
import { expect, test } from 'vitest';
import { MAX_PUBLISHED, maxRetiring } from './key-set-size.ts';

test('as many keys of each signer and region as there may be fit into one set, and there is room to rotate', () => {
  for (let regions = 1; regions <= MAX_REGIONS; regions += 1) {
    const retiring = maxRetiring({ signers: 2, regions });
    expect((retiring + 2) * 2 * regions).toBeLessThanOrEqual(MAX_PUBLISHED);
    expect(retiring).toBeGreaterThanOrEqual(2);
  }
  expect(MAX_PUBLISHED).toBe(LIMIT.keys);
  expect(maxRetiring({ signers: 2, regions: 1 })).toBe(14);
});
