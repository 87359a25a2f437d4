import { runningMesh, startMesh, stopMesh } from '@sekisho/test-e2e/mesh';
import { call, outcome, Policies, storyContext } from '@sekisho/test-e2e/story';
import { type Figure, percentile, publish, report } from './report.ts';

/**
 * How long an applied policy takes to decide: from the API server's answer to an edited ServiceAuthPolicy until a request on a new connection is
 * answered by it; 20 edits that deny and allow in turn. Envoy's pooled connection to the workload answers once more by the old policy; that is part of it.
 */
const EDITS = 20;
const PERMISSIONS = ['bucket:audit', 'bucket:read'] as const;

const started = runningMesh() === undefined;
const mesh = runningMesh() ?? (await startMesh(report));
try {
  const context = await storyContext(mesh);
  const policies = new Policies(context.cluster);
  const token = await context.logIn(context.alice);
  const items = `${mesh.gateway}/api/bucket-items`;
  const times: number[] = [];
  for (let edit = 0; edit < EDITS; edit += 1) {
    const permission = PERMISSIONS[edit % 2] ?? 'bucket:read';
    const wanted = permission === 'bucket:read' ? '200' : '403 RBAC: access denied';
    await policies.askFor(permission);
    const applied = performance.now();
    while (outcome(await call(items, { token })) !== wanted) {
      if (performance.now() - applied > 30_000) throw new Error(`edit ${edit + 1} was not obeyed within 30 s`);
    }
    times.push(performance.now() - applied);
  }
  await context.close();
  const figure = (name: string, value: number): Figure => ({ name, value: Math.round(value), unit: 'ms' });
  publish('propagation', [
    figure('policy change to first obeying connection, median', percentile(times, 0.5)),
    figure('policy change to first obeying connection, maximum', Math.max(...times)),
  ]);
} finally {
  if (started) await stopMesh();
}
