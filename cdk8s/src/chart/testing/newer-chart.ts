import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHART } from './helm.ts';

/** A column that only the definition of the later release has. */
export const COLUMN = { name: 'Newer', type: 'string', jsonPath: '.metadata.name' };

/** Writes what a later release of the chart would be, with another definition of TokenIssuer, and answers its folder. */
export function newerChart(folder: string): string {
  const chart = join(folder, 'newer');
  cpSync(CHART, chart, { recursive: true });
  edit(join(chart, 'Chart.yaml'), (text) => text.replaceAll(/ersion: \d+\.\d+\.\d+$/gm, 'ersion: 99.0.0'));
  edit(join(chart, 'crds', 'auth.sekisho.dev_tokenissuers.yaml'), (text) =>
    text
      .replace(/auth\.sekisho\.dev\/version: .*/, 'auth.sekisho.dev/version: 99.0.0')
      .replace('additionalPrinterColumns:', `additionalPrinterColumns:\n        - ${JSON.stringify(COLUMN)}`),
  );
  return chart;
}

function edit(file: string, change: (text: string) => string): void {
  const text = readFileSync(file, 'utf8');
  const changed = change(text);
  if (changed === text) throw new Error(`${file} has nothing to change any more`);
  writeFileSync(file, changed);
}
