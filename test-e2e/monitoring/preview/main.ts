import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DASHBOARDS } from '@sekisho/cdk8s';
import { chromium } from 'playwright-core';
import { Cluster } from '../../mesh/cluster.ts';
import { readMesh } from '../../mesh/mesh-info.ts';
import { REPOSITORY } from '../../mesh/paths.ts';
import { type Prometheus, startPrometheus } from '../prometheus.ts';
import { meshJobs } from '../scrape-jobs.ts';
import { Traffic } from '../traffic.ts';
import { drawn } from './draw.ts';
import { page } from './page.ts';
import { type GrafanaPanel, linesOf } from './panel-data.ts';

/** Debian's. */
const CHROMIUM = '/usr/bin/chromium';
const PAUSE_MS = 2_500;
const minutes = Number(process.env['MINUTES'] || 3);

/** A dashboard over the time that there was traffic, as HTML. */
async function render(prometheus: Prometheus, dashboard: Readonly<Record<string, unknown>>): Promise<string> {
  const { title, panels } = dashboard as { title: string; panels: readonly GrafanaPanel[] };
  const end = Math.floor(Date.now() / 1000);
  const span = { start: end - minutes * 60, end, step: Math.max(1, Math.round(minutes / 2)) };
  const insides: string[] = [];
  for (const panel of panels) {
    const lines = await linesOf(prometheus, panel, span);
    if (panel.type !== 'row' && lines.length === 0) console.log(`${title}: ${panel.title} is empty`);
    insides.push(drawn(panel, lines, span));
  }
  return page(title, panels, insides);
}

/** Slower than the limit of log-ins from one network. */
async function drive(traffic: Traffic): Promise<void> {
  const end = Date.now() + minutes * 60_000;
  while (Date.now() < end) {
    await traffic.round().catch((error: unknown) => console.log(String(error)));
    await delay(PAUSE_MS);
  }
}

const mesh = readMesh();
await using held = new AsyncDisposableStack();
const cluster = new Cluster(mesh.kubeconfig);
held.defer(() => cluster.close());
const prometheus = held.use(await startPrometheus(meshJobs(mesh)));
const traffic = new Traffic(mesh, cluster);
held.defer(() => traffic.end());
await drive(traffic);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
held.defer(() => browser.close());
const tab = await browser.newPage({ viewport: { width: 1424, height: 800 } });
for (const [name, dashboard] of Object.entries(DASHBOARDS)) {
  await tab.setContent(await render(prometheus, dashboard));
  const path = join(REPOSITORY, `docs/images/dashboard-${name}.png`);
  await tab.screenshot({ path, fullPage: true });
  console.log(path);
}
