import type { AlertCase } from '../alert-case.ts';

const notTrue = (condition: string) => `sekisho_policies{condition="${condition}",status="False",instance="a"}`;
const looks = (result: string) => `sekisho_istiod_looks_total{result="${result}"}`;
const EXPIRY = 'sekisho_webhook_certificate_expiry_timestamp_seconds{instance="a"}';

export const operatorCases: Readonly<Record<string, AlertCase>> = {
  SekishoOperatorDown: {
    series: { 'sekisho_build_info{part="auth"}': '1x10' },
    at: '6m',
    labels: { part: 'operator' },
    description: 'Proxies keep their policies, but changes, repairs and new signing keys reach none of them.',
    quiet: { 'sekisho_build_info{part="operator"}': '1x10' },
  },
  SekishoOperatorWithoutLeader: {
    series: { 'sekisho_leader{instance="a"}': '0x10', 'sekisho_leader{instance="b"}': '0x10' },
    at: '3m',
    description: 'Replicas run and none holds the Lease: changes, repairs and new signing keys reach no proxy.',
    quiet: { 'sekisho_leader{instance="b"}': '1x10' },
  },
  SekishoReconcileErrors: {
    series: { 'sekisho_reconcile_total{result="failed"}': '0+1x40' },
    at: '25m',
    description: '10 reconciles failed within ten minutes. The status of the policies names the cause.',
    quiet: { 'sekisho_reconcile_total{result="failed"}': '3x40' },
  },
  SekishoPolicyNotAccepted: {
    series: { [notTrue('Accepted')]: '2x30' },
    at: '20m',
    description: '2 of them are not in force as they are written: the last good one is, or everything is denied.',
    quiet: { [notTrue('Accepted')]: '0x30' },
  },
  SekishoPolicyNotProgrammed: {
    series: { [notTrue('Programmed')]: '3x20', [notTrue('Accepted')]: '1x20' },
    at: '10m',
    description: '2 of them are not what the API server holds.',
    quiet: { [notTrue('Programmed')]: '1x20' },
  },
  SekishoPolicyNotEnforced: {
    series: { [notTrue('Enforced')]: '3x20', [notTrue('Accepted')]: '1x20' },
    at: '15m',
    description: 'At 2 policies some proxy refused them, lags behind, or is connected to no istiod.',
    quiet: { [notTrue('Enforced')]: '1x20' },
  },
  SekishoJwksOld: {
    series: { 'sekisho_jwks_age_seconds{instance="a"}': '2000x20', 'sekisho_jwks_age_seconds{instance="b"}': '0x20' },
    at: '10m',
    description:
      'The oldest key set is 33m 20s old: keys that its issuer withdrew are still trusted, new ones are not.',
    quiet: { 'sekisho_jwks_age_seconds{instance="a"}': '300x20' },
  },
  SekishoWebhookCertificateExpiring: {
    // Time begins at zero here: 14 days are 1,209,600 s.
    series: { [EXPIRY]: '1209500x90' },
    at: '70m',
    description:
      'It ends in 13d 22h 48m 20s. Without it mistakes in policies are found only after they were stored, and issuers with inline keys cannot be changed.',
    quiet: { [EXPIRY]: '7776000x90' },
  },
  SekishoIstiodUnasked: {
    series: { [looks('unreachable')]: '0+2x60', [looks('ok')]: '0x60' },
    at: '40m',
    description: 'The condition Enforced is Unknown. What proxies do is not concerned.',
    quiet: { [looks('ok')]: '0+1x60' },
  },
};
