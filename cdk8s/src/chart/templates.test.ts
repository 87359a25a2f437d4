import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { chartFiles } from './templates.ts';
import { CHART } from './testing/helm.ts';
import { ChartValues } from './values.ts';

const read = (name: string): string => readFileSync(join(CHART, name), 'utf8');
const raw: unknown = parse(read('values.yaml'));
const defaults = Value.Parse(ChartValues, raw);
const files = chartFiles(defaults);
const all = [...files.values()].join('\n');

test('values.yaml holds every value that there is, and no other', () => {
  expect([...Value.Errors(ChartValues, raw)]).toEqual([]);
});

test('every value is read by a template', () => {
  const byHand = ['_helpers.tpl', 'crds.yaml', 'secrets.yaml'].map((name) => read(`templates/${name}`));
  const text = [all, ...byHand].join('\n');
  expect(paths(raw).filter((path) => !isRead(text, path))).toEqual([]);
});

/** By its own name, or by that of a group that it is handed on in. */
function isRead(text: string, path: string): boolean {
  const keys = path.split('.');
  const names = keys.map((_, index) => keys.slice(0, keys.length - index).join('\\.'));
  return names.some((name) => new RegExp(`\\.Values\\.${name}(?![\\w.])`).test(text));
}

function paths(value: unknown, path = ''): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0)
    return [path];
  return Object.entries(value).flatMap(([key, inner]) => paths(inner, path === '' ? key : `${path}.${key}`));
}

test('every file is read by a template', () => {
  const read = [...all.matchAll(/\.Files\.Get "([^"]+)"/g)].map(([, path]) => path);
  expect(read.length).toBeGreaterThan(0);
  expect([...files.keys()].filter((path) => path.startsWith('files/')).toSorted()).toEqual(read.toSorted());
});

test('no mark is left over', () => {
  expect(all).not.toMatch(/marked|invalid|600\d\d/);
});

test('a default that is not what cdk8s renders is named', () => {
  const other = { ...defaults, auth: { ...defaults.auth, replicas: 5 } };
  expect(() => chartFiles(other)).toThrow(
    'values.yaml: auth.replicas is 5, and Deployment/auth spec.replicas is rendered as 2',
  );
});

test('the chart, its definitions and the project are of one version', () => {
  const { version } = JSON.parse(readFileSync(join(CHART, '../../package.json'), 'utf8'));
  expect(parse(read('Chart.yaml'))).toMatchObject({ version, appVersion: version });
  expect(read('crds/auth.sekisho.dev_tokenissuers.yaml')).toContain(`auth.sekisho.dev/version: ${version}\n`);
});
