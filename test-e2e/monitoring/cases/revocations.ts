import type { AlertCase } from '../alert-case.ts';

const propagated = (le: string) => `revocation_propagation_seconds_bucket{job="sekisho-guard",le="${le}"}`;
const staleness = (job: string) => `revocation_staleness_seconds{job="${job}"}`;
const GAPS = 'revocation_reloads_total{reason="gap"}';

export const revocationCases: Readonly<Record<string, AlertCase>> = {
  SekishoRevocationsStale: {
    series: { [staleness('sekisho-guard')]: '0+60x10', [staleness('sekisho-auth')]: '1x10' },
    at: '3m',
    description:
      'For 3m 0s it has not heard of Redis: who is revoked now is not refused there, and after a minute everybody is.',
    quiet: { [staleness('sekisho-guard')]: '1x10' },
  },
  SekishoRevocationsSlow: {
    series: { [propagated('0.5')]: '0+90x40', [propagated('1')]: '0+100x40', [propagated('+Inf')]: '0+100x40' },
    at: '30m',
    description: 'One in a hundred is in force only 950ms after it was made.',
    quiet: { [propagated('0.5')]: '0+100x40' },
  },
  SekishoRevocationsReloaded: {
    series: { [GAPS]: '0x5 1x20' },
    at: '8m',
    description:
      'It was flushed, or failed over and lost something. Readers put revocations back; sessions that are gone stay gone.',
    quiet: { [GAPS]: '1x25' },
  },
  SekishoRevocationsOwed: {
    series: { 'auth_revocations_owed{instance="a"}': '2x20', 'auth_revocations_owed{instance="b"}': '0x20' },
    at: '10m',
    description: '2 users, grants or clients were changed, and tokens that say otherwise are still accepted.',
    quiet: { 'auth_revocations_owed{instance="a"}': '0x20' },
  },
};
