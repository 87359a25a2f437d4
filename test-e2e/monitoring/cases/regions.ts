import type { AlertCase } from '../alert-case.ts';

const BEHIND = 'region_behind_seconds{region="us",instance="a"}';
const LOST = 'region_lost{region="us",instance="a"}';
const WAITING = 'session_sync_waiting{instance="a"}';
const LAG = 'session_sync_lag_seconds{instance="a"}';
const heard = (le: string) => `region_revocation_propagation_seconds_bucket{region="us",le="${le}"}`;
const labels = { region: 'us' };

export const regionCases: Readonly<Record<string, AlertCase>> = {
  SekishoRegionBehind: {
    series: { [BEHIND]: '0+60x20', [LOST]: '0x20' },
    at: '4m',
    labels,
    description:
      'For 4m 0s nothing is known of what us revoked. After a quarter of an hour policies decide by whenUnavailable.',
    // Who is given up is waited for by nobody.
    quiet: { [LOST]: '1x20' },
  },
  SekishoRegionLost: {
    series: { [LOST]: '0x2 1x10' },
    at: '5m',
    labels,
    description: 'Nobody waits for us until an administrator takes it back.',
    quiet: { [LOST]: '0x20' },
  },
  SekishoRegionRevocationsSlow: {
    series: { [heard('5')]: '0+90x40', [heard('10')]: '0+100x40', [heard('+Inf')]: '0+100x40' },
    at: '30m',
    labels,
    description: 'One in a hundred of us is in force here only 9.5s after it was made.',
    quiet: { [heard('5')]: '0+100x40' },
  },
  SekishoSessionSyncLate: {
    series: { [LAG]: '0+60x20' },
    at: '8m',
    description: 'The oldest change waits for 8m 0s. Sessions that began meanwhile are known here alone.',
    quiet: { [LAG]: '5x20' },
  },
  SekishoSessionSyncGrowing: {
    series: { [WAITING]: '0+60x60' },
    at: '45m',
    description: '1 more each second, for half an hour: more changes than are sent.',
    // Many, but no more than before.
    quiet: { [WAITING]: '0+60x20 1200x40' },
  },
};
