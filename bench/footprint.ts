import { processMemory, runningMesh, startMesh, stopMesh } from '@sekisho/test-e2e/mesh';
import { publish, report } from './report.ts';

/** Resident memory of each process of a freshly started or the running mesh. */
const started = runningMesh() === undefined;
if (started) await startMesh(report);
try {
  publish(
    'footprint',
    processMemory().map(({ name, bytes }) => ({ name, value: Math.round(bytes / 1024 / 1024), unit: 'MiB resident' })),
  );
} finally {
  if (started) await stopMesh();
}
