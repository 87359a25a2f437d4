import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DASHBOARDS, PROXY_METRICS, REGION_DASHBOARDS, RULE_GROUPS } from '@sekisho/cdk8s';
import { expect, test } from 'vitest';
import { REPOSITORY } from '../mesh/paths.ts';
import { queriesOf } from './queries.ts';

const FOLDER = join(REPOSITORY, 'docs/runbooks');
const METRIC =
  /\b((?:sekisho|guard|auth|token|tokens|session|sessions|revocation|revocations|signing|security|backchannel|region|database|envoy)_[a-z0-9_]+)\b(?!["=])/g;
/** What an application calls its own. */
const NO_METRIC = new Set(['backchannel_logout_uri']);

const read = (path: string): Promise<string> => readFile(join(REPOSITORY, path), 'utf8');
const pages = (await readdir(FOLDER)).filter((name) => name !== 'README.md');
const alerts = RULE_GROUPS.flatMap((group) => group.alerts);
const records = RULE_GROUPS.flatMap((group) => group.records.map(({ record }) => record));
/** Metrics, their labels and the values of those; what only some installations tell is on the page about those. */
const INVENTORY = ['docs/metrics.md', 'docs/regions.md', 'docs/signing-keys.md', 'docs/accounts.md'];
const inventory = (await Promise.all(INVENTORY.map(read))).join('');
const told = new Set([...inventory.matchAll(/`(\w+)`/g)].map(([, name]) => name));

/** Metrics in a text that nobody tells; a histogram is asked for by its parts. */
function unknownIn(text: string): readonly string[] {
  const named = new Set([...text.replaceAll(/"[^"]*"/g, '').matchAll(METRIC)].map(([, name = '']) => name));
  return [...named].filter((name) => !NO_METRIC.has(name) && !isTold(name));
}

function isTold(name: string): boolean {
  const whole = name.replace(/_(bucket|sum|count)$/, '');
  return told.has(name) || told.has(whole) || new RegExp(`^${PROXY_METRICS}$`).test(name);
}

test('every alert has its page, and every page its alert', () => {
  expect(pages.toSorted()).toEqual(alerts.map(({ alert }) => `${alert}.md`).toSorted());
});

test('the table of alerts has them all, with their severity', async () => {
  const table = await read('docs/runbooks/README.md');
  const rows = [...table.matchAll(/^\| \[(\w+)\]\((\w+)\.md\) \| (\w+) \|/gm)].map(([, alert, page, severity]) => ({
    alert,
    page,
    severity,
  }));
  expect(rows).toEqual(alerts.map(({ alert, severity }) => ({ alert, page: alert, severity })));
});

test.each(pages)(
  '%s tells what it means, who notices, where to look, what to do, and when to call somebody',
  async (page) => {
    const text = await read(`docs/runbooks/${page}`);
    expect(text).toMatch(/^# \w+\n\S.*\n\n\*\*Who notices:\*\* \S/);
    for (const title of ['First look', 'Causes, and what to do', 'When to call somebody']) {
      expect(text).toContain(`\n## ${title}\n`);
    }
    expect(unknownIn(text)).toEqual([]);
  },
);

test('rules and dashboards ask for nothing that nobody tells', () => {
  const queries = [
    ...RULE_GROUPS.flatMap((group) => [...group.alerts, ...group.records].map(({ expr }) => expr)),
    ...Object.values({ ...DASHBOARDS, ...REGION_DASHBOARDS }).flatMap(queriesOf),
  ];
  const known = new Set(records.map((record) => record.split(':')[1]));
  expect(queries.flatMap(unknownIn).filter((name) => !known.has(name))).toEqual([]);
});

test('a name that nobody tells is found', () => {
  expect(unknownIn('rate(guard_decisions_total[5m]) + guard_decisions_totals')).toEqual(['guard_decisions_totals']);
});
