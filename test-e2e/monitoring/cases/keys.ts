import type { AlertCase } from '../alert-case.ts';

const age = (state: string) => `signing_key_age_seconds{signer="auth",state="${state}",instance="a"}`;
const waiting = (reason: string) => `signing_key_waiting{signer="guard",reason="${reason}",instance="a"}`;
const READ = 'signing_keys_read_age_seconds{signer="auth",instance="a"}';
const PRIMARY = 'signing_keys_primary_age_seconds{signer="auth",instance="a"}';
const REPLICA = 'database_replica_age_seconds{instance="a"}';
const COMPROMISED = 'signing_key_transitions_total{signer="guard",state="compromised"}';

export const keyCases: Readonly<Record<string, AlertCase>> = {
  SekishoSigningKeyOld: {
    series: { [age('active')]: '2800000x90', signing_key_period_seconds: '2592000x90' },
    at: '70m',
    labels: { signer: 'auth' },
    description: 'The key of auth signs since 32d 9h 46m 40s, a day longer than its period.',
    quiet: { [age('active')]: '2600000x90' },
  },
  SekishoSigningKeyWaiting: {
    series: { [waiting('policies_behind')]: '1x90', [waiting('unreachable')]: '0x90' },
    at: '70m',
    labels: { signer: 'guard', reason: 'policies_behind' },
    description: 'That of guard waits: policies_behind. A key that leaked could not be replaced now.',
    quiet: { [waiting('policies_behind')]: '0x90', [waiting('publishing')]: '1x90' },
  },
  SekishoSigningKeyNextMissing: {
    series: { [age('next')]: '0x90', [age('active')]: '100x90' },
    at: '70m',
    labels: { signer: 'auth' },
    description: 'If the key of auth leaked, its successor would sign before every proxy knows it.',
    quiet: { [age('next')]: '50x90' },
  },
  SekishoSigningKeysUnread: {
    series: { [READ]: '90x10' },
    at: '3m',
    labels: { signer: 'auth' },
    description: 'For 1m 30s it could not ask the database: it is about to sign and publish nothing.',
    quiet: { [READ]: '20x10' },
  },
  SekishoDatabasePrimaryAway: {
    series: { [PRIMARY]: '0+60x20' },
    at: '12m',
    description:
      'For 12m 0s no account can be changed and no key rotated. After an hour nobody logs in, after a day nothing is signed.',
    quiet: { [PRIMARY]: '20x20' },
  },
  SekishoDatabaseReplicaBehind: {
    series: { [REPLICA]: '0+60x20', [PRIMARY]: '20x20' },
    at: '10m',
    description:
      'What it shows is 10m 0s old. If the primary went away now, people would log in by that, and after an hour nobody would.',
    // The primary is away.
    quiet: { [PRIMARY]: '0+60x20' },
  },
  SekishoSigningKeyCompromised: {
    series: { [COMPROMISED]: '0x10 1x30' },
    at: '15m',
    labels: { signer: 'guard' },
    description: 'A key of guard was retired, and what it signed is refused. Did somebody mean to?',
    quiet: { [COMPROMISED]: '1x40' },
  },
};
