import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AlertingRule, DASHBOARDS, REGION_DASHBOARDS, RULE_GROUPS, RUNBOOKS } from '@sekisho/cdk8s';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { REPOSITORY } from '../mesh/paths.ts';
import { run } from '../toolchain/command.ts';
import { ensurePrometheus } from '../toolchain/index.ts';
import type { AlertCase, Series } from './alert-case.ts';
import { ALERT_CASES } from './cases/index.ts';
import { askable, queriesOf } from './queries.ts';

/** What the first run has to compile, on a machine that does other things as well. */
const BUILD_MS = 3_600_000;
const RULES = join(REPOSITORY, 'monitoring/prometheus-rules.yaml');
const alerts = RULE_GROUPS.flatMap((group) => group.alerts);

let folder: string;
let promtool: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rules-'));
  ({ promtool } = await ensurePrometheus(process.env, (line) => console.log(`  ${line}`)));
}, BUILD_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** @returns what promtool said; '' when it is content */
async function complaint(...args: readonly string[]): Promise<string> {
  const { code, tail } = await run(promtool, args);
  return code === 0 ? '' : `exit code ${code}\n${tail}`;
}

async function written(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, stringify(content));
  return path;
}

function firing(rule: AlertingRule, { labels = {}, description }: AlertCase) {
  const { alert, severity, summary } = rule;
  const annotations = { summary, description, runbook_url: `${RUNBOOKS}/${alert}.md` };
  return { exp_labels: { ...labels, severity }, exp_annotations: annotations };
}

/** @returns a test of promtool: these alerts, and no others of that name, fire at that time */
function expecting({ alert }: AlertingRule, { at }: AlertCase, [series, fires]: readonly [Series, readonly object[]]) {
  return {
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [{ eval_time: at, alertname: alert, exp_alerts: fires }],
  };
}

test('promtool finds nothing wrong with the rules', async () => {
  expect(await complaint('check', 'rules', '--lint=all', '--lint-fatal', RULES)).toBe('');
});

test('promtool takes the scrape configuration for a Prometheus without its operator', async () => {
  expect(await complaint('check', 'config', '--syntax-only', join(REPOSITORY, 'monitoring/scrape.yaml'))).toBe('');
});

test('every query of the dashboards is one that Prometheus understands', async () => {
  const rules = Object.values({ ...DASHBOARDS, ...REGION_DASHBOARDS })
    .flatMap(queriesOf)
    .map((query, index) => ({ record: `query_${index}`, expr: askable(query) }));
  expect(rules.length).toBeGreaterThan(40);
  const file = await written('queries.yaml', { groups: [{ name: 'dashboards', rules }] });
  expect(await complaint('check', 'rules', '--lint=none', file)).toBe('');
});

test('every alert has a case, and every case an alert', () => {
  expect(Object.keys(ALERT_CASES).toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
});

describe('each alert fires for what it is meant for, and for nothing less', () => {
  test.each(alerts)('$alert', async (rule) => {
    const given = ALERT_CASES[rule.alert];
    if (given === undefined) throw new Error(`${rule.alert} has no case`);
    const tests = [
      expecting(rule, given, [given.series, [firing(rule, given)]]),
      expecting(rule, given, [{ ...given.series, ...given.quiet }, []]),
    ];
    const file = await written(`${rule.alert}.yaml`, { rule_files: [RULES], evaluation_interval: '1m', tests });
    expect(await complaint('test', 'rules', file)).toBe('');
  });
});

/** Ten requests: one has a bad token; of the nine others one is a preflight, and the policy refuses three. */
test('what proxies count becomes requests by who decided, each counted once', async () => {
  const at = (name: string, labels = '') => `${name}{namespace="shop",workload="bucket"${labels}}`;
  const recorded = (decision: string, by: string) =>
    at('namespace_workload:sekisho_requests:rate5m', `,decision="${decision}",by="${by}"`);
  const counted: readonly [series: string, perMinute: number][] = [
    [at('envoy_http_jwt_authn_denied'), 60],
    [at('envoy_http_jwt_authn_allowed'), 480],
    [at('envoy_http_jwt_authn_cors_preflight_bypassed'), 60],
    [at('envoy_http_rbac', ',authz_enforce_result="denied"'), 180],
    // Nine pass the filter of DENY, six that of ALLOW.
    [at('envoy_http_rbac', ',authz_enforce_result="allowed"'), 900],
  ];
  const expected: readonly [series: string, perSecond: number][] = [
    [recorded('allow', 'policy'), 6],
    [recorded('deny', 'policy'), 3],
    [recorded('deny', 'token'), 1],
  ];
  const one = {
    interval: '1m',
    input_series: counted.map(([series, growth]) => ({ series, values: `0+${growth}x20` })),
    promql_expr_test: [
      {
        expr: 'namespace_workload:sekisho_requests:rate5m',
        eval_time: '10m',
        exp_samples: expected.map(([labels, value]) => ({ labels, value })),
      },
    ],
  };
  const file = await written('requests.yaml', { rule_files: [RULES], evaluation_interval: '1m', tests: [one] });
  expect(await complaint('test', 'rules', file)).toBe('');
});
