import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type MeshInfo, readMesh } from '../mesh/mesh-info.ts';
import { REPOSITORY } from '../mesh/paths.ts';
import { waitFor } from '../mesh/wait.ts';
import { type Exposed, exposedBy } from '../monitoring/exposition.ts';
import { metricsPage } from '../monitoring/metrics-page.ts';
import { regionalMetrics } from '../monitoring/regional-metrics.ts';

const LONG = 120_000;
const mesh: MeshInfo = readMesh();

async function scraped(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return response.text();
}

/** Once it has looked at everything that it tells of. */
function exposed(part: string, url: string): Promise<readonly Exposed[]> {
  const complete = async () => {
    const metrics = exposedBy(await scraped(`${url}/metrics`)).filter(({ name }) => name !== TRACED);
    return metrics.every(({ name, labels }) => !NEVER_BARE.has(name) || Object.keys(labels).length > 0) && metrics;
  };
  return waitFor(`${part} tells everything`, complete, { timeout: LONG });
}

/** Told only where there is a collector of traces. */
const TRACED = 'trace_spans_total';
/** They have no series before the keys were looked at. */
const NEVER_BARE = new Set(['signing_key_age_seconds', 'signing_key_waiting', 'guard_signing_key_held']);

test('docs/metrics.md tells what the running parts do (`-u` writes it)', { timeout: 3 * LONG }, async () => {
  const page = metricsPage([
    { title: 'Operator', metrics: await exposed('the operator', mesh.operator) },
    { title: 'Auth service', metrics: await exposed('the auth service', mesh.auth.adminUrl) },
    { title: 'Guard', metrics: await exposed('the guard', mesh.guard) },
    { title: 'In one of several regions', metrics: await regionalMetrics() },
  ]);
  await expect(page).toMatchFileSnapshot(join(REPOSITORY, 'docs/metrics.md'));
});

const guarded = Object.entries(mesh.workloads).filter(([name]) => name !== 'public-istio');

test.each(guarded)(
  'the proxy of %s counts what it lets through and refuses',
  { timeout: LONG },
  async (_, workload) => {
    const counts = async () => {
      const names = new Set(
        exposedBy(await scraped(`${workload.envoyAdmin}/stats/prometheus`)).map(({ name }) => name),
      );
      return ['envoy_http_rbac', 'envoy_http_jwt_authn_allowed', 'envoy_http_jwt_authn_denied'].every((name) =>
        names.has(name),
      );
    };
    await waitFor('the counters are there', counts, { timeout: LONG });
  },
);

test('the gateway that asks the guard counts its answers', { timeout: LONG }, async () => {
  const { envoyAdmin = '' } = mesh.workloads['edge-istio'] ?? {};
  const text = await scraped(`${envoyAdmin}/stats/prometheus`);
  for (const outcome of ['ok', 'denied', 'error']) expect(text).toContain(`envoy_http_ext_authz_${outcome}{`);
});
