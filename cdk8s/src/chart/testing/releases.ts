import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHART } from './helm.ts';

/** Columns that only the definition of a later release has. */
export type Release = 'Newer' | 'Newest';
const VERSIONS: Readonly<Record<Release, string>> = { Newer: '99.0.0', Newest: '100.0.0' };

/** Writes what a later release of the chart would be, with another definition of TokenIssuer, and answers its folder. */
export function newerChart(folder: string, release: Release): string {
  const chart = join(folder, release);
  const version = VERSIONS[release];
  const column = { name: release, type: 'string', jsonPath: '.metadata.name' };
  cpSync(CHART, chart, { recursive: true });
  edit(join(chart, 'Chart.yaml'), (text) => text.replaceAll(/ersion: \d+\.\d+\.\d+$/gm, `ersion: ${version}`));
  edit(join(chart, 'crds', 'auth.sekisho.dev_tokenissuers.yaml'), (text) =>
    text
      .replace(/auth\.sekisho\.dev\/version: .*/, `auth.sekisho.dev/version: ${version}`)
      .replace('additionalPrinterColumns:', `additionalPrinterColumns:\n        - ${JSON.stringify(column)}`),
  );
  return chart;
}

/** Writes what a release was whose operator knows no `requiredClaims`, and answers its folder. */
export function earlierChart(folder: string): string {
  const chart = join(folder, 'Earlier');
  cpSync(CHART, chart, { recursive: true });
  edit(join(chart, 'templates', 'operator.yaml'), (text) => text.replaceAll("'requiredClaims', ", ''));
  edit(join(chart, 'values.yaml'), (text) => text.replace('requireClientId: true', 'requireClientId: false'));
  return chart;
}

function edit(file: string, change: (text: string) => string): void {
  const text = readFileSync(file, 'utf8');
  const changed = change(text);
  if (changed === text) throw new Error(`${file} has nothing to change any more`);
  writeFileSync(file, changed);
}
