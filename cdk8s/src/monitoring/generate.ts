import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Yaml } from 'cdk8s';
import { DASHBOARDS, REGION_DASHBOARDS } from './dashboards/index.ts';
import { prometheusGroups, SUBJECTS } from './rules/index.ts';

/** Writes what Prometheus and Grafana read where no operator writes it for them. */
const FOLDER = join(import.meta.dirname, '../../../monitoring');
const HEADER =
  '# Generated from cdk8s/src/monitoring by `make generate`. Leave out the group of a part that you do not run.\n';

mkdirSync(join(FOLDER, 'dashboards'), { recursive: true });
writeFileSync(
  join(FOLDER, 'prometheus-rules.yaml'),
  HEADER + Yaml.formatObjects([{ groups: prometheusGroups(SUBJECTS) }]),
);
for (const [name, dashboard] of Object.entries({ ...DASHBOARDS, ...REGION_DASHBOARDS })) {
  writeFileSync(join(FOLDER, 'dashboards', `${name}.json`), `${JSON.stringify(dashboard, undefined, 2)}\n`);
}
