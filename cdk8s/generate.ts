import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { chartFiles, HEADER } from './src/chart/templates.ts';
import { ChartValues, valuesSchema } from './src/chart/values.ts';
import { withValuesTable } from './src/chart/values-table.ts';

/** Writes templates, the files that they read, schema and table of values of charts/sekisho from what renderPlatform renders: `node cdk8s/generate.ts`. */
const chart = join(import.meta.dirname, '../charts/sekisho');
const defaults = Value.Parse(ChartValues, parse(readFileSync(join(chart, 'values.yaml'), 'utf8')));

const templates = join(chart, 'templates');
for (const name of readdirSync(templates)) {
  const file = join(templates, name);
  if (readFileSync(file, 'utf8').startsWith(HEADER)) rmSync(file);
}
rmSync(join(chart, 'files'), { recursive: true, force: true });
writeFileSync(join(chart, 'values.schema.json'), `${JSON.stringify(valuesSchema(), null, 2)}\n`);
for (const [path, text] of chartFiles(defaults)) {
  const file = join(chart, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const readme = join(chart, 'README.md');
writeFileSync(readme, withValuesTable(readFileSync(readme, 'utf8'), defaults));
