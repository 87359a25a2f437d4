import { createRegionMetrics, createSyncMetrics } from '@sekisho/sessions';
import { createMetrics } from '@sekisho/telemetry';
import { type Exposed, exposedBy } from './exposition.ts';

const REGION = { name: 'tokyo', others: ['osaka'] };

/** What a process tells that is one of several regions, beside the rest: the local mesh is one region. */
export async function regionalMetrics(): Promise<readonly Exposed[]> {
  const metrics = createMetrics({ processMetrics: false });
  createRegionMetrics(metrics, REGION, () => ({
    regions: () => [{ name: 'osaka', state: 'present', ageMs: 0, untoldMs: 0 }],
  }));
  createSyncMetrics(metrics, () => ({ lagMs: 0, waiting: 0 }));
  return exposedBy(await metrics.render());
}
