import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRegionMetrics, createSyncMetrics } from '@sekisho/sessions';
import { createMetrics } from '@sekisho/telemetry';
import { expect, test } from 'vitest';
import { REPOSITORY } from '../mesh/paths.ts';

/** The local mesh is one region, so its processes tell nothing of others. */
test('docs/regions.md lists what processes tell of regions, with the values of their labels', async () => {
  const metrics = createMetrics({ processMetrics: false });
  createRegionMetrics(metrics, { name: 'eu', others: ['us'] }, () => ({ regions: () => [] }));
  createSyncMetrics(metrics, () => ({ lagMs: 0, waiting: 0 }));
  const exposed = await metrics.render();
  const page = await readFile(join(REPOSITORY, 'docs/regions.md'), 'utf8');

  const names = [...exposed.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name);
  const rows = [...page.matchAll(/^\| `(\w+)` \| (?:auth|auth, guard) \|/gm)].map(([, name]) => name);
  expect(rows.toSorted()).toEqual(names.toSorted());

  const values = [...exposed.matchAll(/\b(?:where|result)="(\w+)"/g)].map(([, value]) => value);
  expect(values.length).toBeGreaterThan(5);
  for (const value of values) expect(page).toContain(`\`${value}\``);
});
