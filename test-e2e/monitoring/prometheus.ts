import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Addresses } from '../mesh/addresses.ts';
import { endLeftovers, killMarked } from '../mesh/leftovers.ts';
import { LOCAL, REPOSITORY } from '../mesh/paths.ts';
import { Supervisor } from '../mesh/supervisor.ts';
import { answersOk } from '../mesh/wait.ts';
import { ensurePrometheus } from '../toolchain/index.ts';
import type { ScrapeJob } from './scrape-jobs.ts';

const HOST = '127.0.0.1';

/** A Prometheus that scrapes each second, with the rules that users install. */
export interface Prometheus extends AsyncDisposable {
  /** Base URL. */
  readonly url: string;
}

/** What a run that was killed left of it is ended first. */
export async function startPrometheus(jobs: readonly ScrapeJob[]): Promise<Prometheus> {
  const { prometheus } = await ensurePrometheus(process.env, (line) => console.log(`  ${line}`));
  const folder = await emptyFolder();
  const config = join(folder, 'prometheus.json');
  await writeFile(config, JSON.stringify(configuration(jobs)));
  const address = `${HOST}:${await new Addresses(folder).port(HOST, 29090)}`;
  const supervisor = new Supervisor(join(folder, 'processes.json'), folder);
  await supervisor.start({
    name: 'prometheus',
    command: prometheus,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--storage.tsdb.retention.time=1d',
      `--web.listen-address=${address}`,
      '--log.level=warn',
    ],
    log: join(folder, 'prometheus.log'),
    ready: () => answersOk(`http://${address}/-/ready`),
  });
  return { url: `http://${address}`, [Symbol.asyncDispose]: () => supervisor.stop() };
}

async function emptyFolder(): Promise<string> {
  const folder = join(LOCAL, 'prometheus');
  await endLeftovers(folder);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  process.once('exit', () => killMarked(folder));
  return folder;
}

/** JSON is YAML. */
function configuration(jobs: readonly ScrapeJob[]): object {
  return {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [join(REPOSITORY, 'monitoring/prometheus-rules.yaml')],
    scrape_configs: jobs,
  };
}
