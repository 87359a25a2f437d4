import type { RuleGroup } from './rule.ts';

const policies = (condition: string) => `max(sekisho_policies{condition="${condition}",status="False"})`;
const DAY_SECONDS = 86_400;

/** The operator: whether the mesh has what the policies say. What proxies hold goes on without it. */
export const operatorRules: RuleGroup = {
  subject: 'operator',
  records: [],
  alerts: [
    {
      alert: 'SekishoOperatorDown',
      expr: 'absent(sekisho_build_info{part="operator"})',
      for: '5m',
      severity: 'critical',
      summary: 'No replica of the operator is there',
      description: 'Proxies keep their policies, but changes, repairs and new signing keys reach none of them.',
    },
    {
      alert: 'SekishoOperatorWithoutLeader',
      expr: 'sum(sekisho_leader) == 0',
      for: '2m',
      severity: 'critical',
      summary: 'No replica of the operator may write',
      description: 'Replicas run and none holds the Lease: changes, repairs and new signing keys reach no proxy.',
    },
    {
      alert: 'SekishoReconcileErrors',
      expr: 'sum(increase(sekisho_reconcile_total{result="failed"}[10m])) > 0',
      for: '10m',
      severity: 'warning',
      summary: 'The operator cannot write what policies say',
      description:
        '{{ $value | humanize }} reconciles failed within ten minutes. The status of the policies names the cause.',
    },
    {
      alert: 'SekishoPolicyNotAccepted',
      expr: `${policies('Accepted')} > 0`,
      for: '15m',
      severity: 'warning',
      summary: 'Policies are refused',
      description:
        '{{ $value }} of them are not in force as they are written: the last good one is, or everything is denied.',
    },
    {
      alert: 'SekishoPolicyNotProgrammed',
      expr: `${policies('Programmed')} - ${policies('Accepted')} > 0`,
      for: '5m',
      severity: 'critical',
      summary: 'Accepted policies are not written into the mesh',
      description: '{{ $value }} of them are not what the API server holds.',
    },
    {
      alert: 'SekishoPolicyNotEnforced',
      expr: `${policies('Enforced')} - ${policies('Accepted')} > 0`,
      for: '10m',
      severity: 'critical',
      summary: 'Proxies do not have the policies that were written',
      description: 'At {{ $value }} policies some proxy refused them, lags behind, or is connected to no istiod.',
    },
    {
      alert: 'SekishoJwksOld',
      // Four times JWKS_REFRESH_SECONDS (300).
      expr: 'max(sekisho_jwks_age_seconds) > 1200',
      for: '5m',
      severity: 'warning',
      summary: 'The keys of an issuer cannot be fetched',
      description:
        'The oldest key set is {{ $value | humanizeDuration }} old: keys that its issuer withdrew are still trusted, new ones are not.',
    },
    {
      alert: 'SekishoWebhookCertificateExpiring',
      // Renewed 30 days before its end; 0 while there is none, so this tells of that too.
      expr: `min(sekisho_webhook_certificate_expiry_timestamp_seconds) - time() < ${14 * DAY_SECONDS}`,
      for: '1h',
      severity: 'warning',
      summary: 'The certificate of the admission webhook is not renewed',
      description:
        'It ends in {{ $value | humanizeDuration }}. Without it mistakes in policies are found only after they were stored, and issuers with inline keys cannot be changed.',
    },
    {
      alert: 'SekishoIstiodUnasked',
      expr: 'sum(rate(sekisho_istiod_looks_total{result!="ok"}[10m])) > 0 unless sum(rate(sekisho_istiod_looks_total{result="ok"}[10m])) > 0',
      for: '15m',
      severity: 'warning',
      summary: 'istiod does not tell which proxies have their policies',
      description: 'The condition Enforced is Unknown. What proxies do is not concerned.',
    },
  ],
};
