import { authRules } from './auth.ts';
import { guardRules } from './guard.ts';
import { operatorRules } from './operator.ts';
import { proxyRules } from './proxies.ts';
import { regionRules } from './regions.ts';
import type { AlertingRule, RecordingRule, RuleGroup, Subject } from './rule.ts';

export { PROXY_METRICS } from './proxies.ts';
export type { AlertingRule, RecordingRule, RuleGroup, Severity, Subject } from './rule.ts';
export { SUBJECTS } from './rule.ts';

export const RULE_GROUPS: readonly RuleGroup[] = [guardRules, authRules, operatorRules, proxyRules, regionRules];

/** Where the pages of docs/runbooks are read. */
export const RUNBOOKS = 'https://sekisho.dev/docs/runbooks';

/** One group of a Prometheus rule file, which is also one of a PrometheusRule. */
export interface PrometheusGroup {
  readonly name: string;
  readonly rules: readonly PrometheusRecord[];
}

export interface PrometheusRecord {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * The rules as Prometheus reads them.
 * @param subjects whose rules; an alert about a part that was never installed would never end
 * @param runbooks base URL of the pages
 */
export function prometheusGroups(subjects: readonly Subject[], runbooks: string = RUNBOOKS): PrometheusGroup[] {
  return RULE_GROUPS.filter(({ subject }) => subjects.includes(subject)).map(({ subject, records, alerts }) => ({
    name: `sekisho-${subject}`,
    rules: [...records.map(recorded), ...alerts.map((rule) => alerted(rule, runbooks))],
  }));
}

function recorded({ record, expr, labels }: RecordingRule): PrometheusRecord {
  return { record, expr, ...(labels && { labels }) };
}

function alerted({ alert, expr, for: duration, severity, summary, description }: AlertingRule, runbooks: string) {
  return {
    alert,
    expr,
    for: duration,
    labels: { severity },
    annotations: { summary, description, runbook_url: `${runbooks.replace(/\/+$/, '')}/${alert}.md` },
  };
}
