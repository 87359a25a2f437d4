import type { RecordingRule, RuleGroup } from './rule.ts';

/** Requests a second, by who decided: `token` is jwt_authn, `policy` is RBAC, `guard` is ext_authz. */
export const REQUESTS = 'namespace_workload:sekisho_requests:rate5m';

/** The counters of a proxy that are needed here; it tells hundreds of series beside. */
export const PROXY_METRICS =
  'envoy_http_(rbac|jwt_authn_(allowed|denied|cors_preflight_bypassed)|ext_authz_(ok|denied|error))';

const rate = (series: string) => `sum by (namespace, workload) (rate(${series}[5m]))`;
const PASSED = `${rate('envoy_http_jwt_authn_allowed')} + ${rate('envoy_http_jwt_authn_cors_preflight_bypassed')}`;
const REFUSED = rate('envoy_http_rbac{authz_enforce_result="denied"}');

function requests(decision: 'allow' | 'deny' | 'error', by: 'token' | 'policy' | 'guard', expr: string): RecordingRule {
  return { record: REQUESTS, expr, labels: { decision, by } };
}

/** What the proxies count themselves (`proxyStatsMatcher` of istio/mesh-config.yaml), with the labels of our PodMonitor. */
export const proxyRules: RuleGroup = {
  subject: 'proxies',
  records: [
    // A request passes the filters of DENY and of ALLOW, and each counts it as allowed: who passed is known by who was not refused.
    requests('allow', 'policy', `clamp_min(${PASSED} - ${REFUSED}, 0)`),
    requests('deny', 'policy', REFUSED),
    requests('deny', 'token', rate('envoy_http_jwt_authn_denied')),
    requests('deny', 'guard', rate('envoy_http_ext_authz_denied')),
    requests('error', 'guard', rate('envoy_http_ext_authz_error')),
  ],
  alerts: [
    {
      alert: 'SekishoGuardUnanswered',
      expr: `sum by (namespace, workload) (${REQUESTS}{decision="error",by="guard"}) > 0.05`,
      for: '2m',
      severity: 'critical',
      summary: 'Proxies get no answer from the guard',
      description:
        '{{ $labels.workload }} in {{ $labels.namespace }} refuses {{ $value | printf "%.2f" }} requests a second with 503: the guard is not reached, or slower than 250 ms.',
    },
    {
      alert: 'SekishoRequestsDenied',
      expr: `sum by (namespace, workload) (${REQUESTS}{decision="deny"}) / sum by (namespace, workload) (${REQUESTS}) > 0.5 and sum by (namespace, workload) (${REQUESTS}) > 0.1`,
      for: '15m',
      severity: 'warning',
      summary: 'A workload refuses most requests',
      description:
        '{{ $value | humanizePercentage }} of the requests to {{ $labels.workload }} in {{ $labels.namespace }} are refused: a policy, a caller or a token is not what it should be.',
    },
  ],
};
