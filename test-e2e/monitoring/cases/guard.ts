import type { AlertCase } from '../alert-case.ts';

const decisions = (code: string, decision = 'deny') => `guard_decisions_total{decision="${decision}",code="${code}"}`;
const took = (le: string) => `guard_decision_seconds_bucket{le="${le}"}`;

export const guardCases: Readonly<Record<string, AlertCase>> = {
  SekishoGuardDown: {
    series: { 'sekisho_build_info{part="auth"}': '1x10' },
    at: '3m',
    labels: { part: 'guard' },
    description: 'Every request that asks the guard is refused with 503, on public paths of a Gateway too.',
    quiet: { 'sekisho_build_info{part="guard"}': '1x10' },
  },
  SekishoGuardUnavailable: {
    series: { [decisions('unavailable')]: '0+6x20', [decisions('ok', 'allow')]: '0+54x20' },
    at: '10m',
    description: '10% of its answers are 503: revocations, sessions or keys are not known well enough.',
    quiet: { [decisions('unavailable')]: '0x20' },
  },
  SekishoGuardSlow: {
    series: { [took('0.05')]: '0+90x30', [took('0.1')]: '0+100x30', [took('+Inf')]: '0+100x30' },
    at: '25m',
    description: 'One answer in a hundred takes 95ms or longer; after 250 ms it is a 503.',
    quiet: { [took('0.05')]: '0+100x30' },
  },
  SekishoGuardKeysStale: {
    series: { 'guard_keys_age_seconds{instance="a"}': '60x10', 'guard_keys_age_seconds{instance="b"}': '7200x10' },
    at: '6m',
    description:
      'It signs with what it last knew, and stops after a day: then nothing passes the edge that needs a token.',
    quiet: { 'guard_keys_age_seconds{instance="b"}': '60x10' },
  },
  SekishoGuardNextKeyMissing: {
    series: {
      'guard_signing_key_held{state="next",instance="a"}': '0x90',
      'guard_signing_key_held{state="next"}': '1x90',
    },
    at: '70m',
    description: 'When that key takes its turn, or has to because the other one leaked, this replica signs nothing.',
    quiet: { 'guard_signing_key_held{state="next",instance="a"}': '1x90' },
  },
  SekishoSessionTouchesFailing: {
    series: { guard_session_touch_failures_total: '0+1x40' },
    at: '25m',
    description: 'Sessions that are in use end as if nobody used them, seven days after they were last noted.',
    quiet: { guard_session_touch_failures_total: '5x40' },
  },
  SekishoSessionsDropping: {
    series: { [decisions('session_expired')]: '0+10x30', [decisions('ok', 'allow')]: '0+20x30' },
    at: '20m',
    description: '100 requests within ten minutes: were sessions lost in Redis, or ended by somebody?',
    quiet: { [decisions('ok', 'allow')]: '0+200x30' },
  },
};
