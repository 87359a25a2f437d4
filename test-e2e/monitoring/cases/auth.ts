import type { AlertCase } from '../alert-case.ts';

const attempts = (result: string) => `auth_attempts_total{method="password",result="${result}"}`;
const failures = (reason: string) => `auth_failures_total{method="password",reason="${reason}"}`;
const REPLAYS = 'security_events_total{kind="refresh_replayed"}';
const GIVEN_UP = 'backchannel_logouts_total{result="given_up"}';

export const authCases: Readonly<Record<string, AlertCase>> = {
  SekishoAuthDown: {
    series: { 'sekisho_build_info{part="guard"}': '1x10' },
    at: '3m',
    labels: { part: 'auth' },
    description: 'Nobody logs in or refreshes a token. Tokens that are out go on until they end.',
    quiet: { 'sekisho_build_info{part="auth"}': '1x10' },
  },
  SekishoAuthFailureRatioHigh: {
    series: { [attempts('failure')]: '0+6x20', [attempts('success')]: '0+4x20' },
    at: '10m',
    description: '60% of the log-ins of five minutes failed: a fault of ours, or somebody guesses passwords.',
    // All fail, but of five: somebody forgot a password.
    quiet: { [attempts('failure')]: '0+1x20', [attempts('success')]: '0x20' },
  },
  SekishoLoginsBroken: {
    series: { [failures('unavailable')]: '0+3x20', [failures('wrong_password')]: '0+9x20' },
    at: '10m',
    description: '15 within five minutes: the database, Redis or the service itself.',
    quiet: { [failures('unavailable')]: '0x20' },
  },
  SekishoLoginRateLimitStorm: {
    series: { [failures('rate_limited')]: '0+20x20' },
    at: '15m',
    description: '200 within ten minutes: somebody tries passwords, or an office behind one address is held up.',
    quiet: { [failures('rate_limited')]: '0+5x20' },
  },
  SekishoRefreshTokenReplayed: {
    series: { [REPLAYS]: '0+1x90' },
    at: '70m',
    description:
      '60 times within an hour: tokens were stolen, or an application keeps them badly. Those sessions were ended.',
    quiet: { [REPLAYS]: '0x40 1x50' },
  },
  SekishoLogoutNoticesWaiting: {
    series: { backchannel_logouts_waiting: '500x60' },
    at: '40m',
    description:
      '500 notices wait: an application does not answer its back-channel log-out. Its users stay logged in there.',
    quiet: { backchannel_logouts_waiting: '50x60' },
  },
  SekishoLogoutNoticesLost: {
    series: { [GIVEN_UP]: '0+1x90', 'backchannel_logouts_total{result="failed"}': '0+9x90' },
    at: '70m',
    description: '60 notices within an hour were given up after a day, or found no room.',
    quiet: { [GIVEN_UP]: '5x90' },
  },
};
