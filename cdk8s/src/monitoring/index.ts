export { DASHBOARDS, REGION_DASHBOARDS } from './dashboards/index.ts';
export { type AlertingRule, PROXY_METRICS, prometheusGroups, RULE_GROUPS, RUNBOOKS, SUBJECTS } from './rules/index.ts';
