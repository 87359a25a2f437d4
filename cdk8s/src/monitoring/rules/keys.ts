import type { AlertingRule } from './rule.ts';

const DAY_SECONDS = 86_400;

/** The signing keys of the auth service and of the guard, both kept by the auth service. */
export const keyAlerts: readonly AlertingRule[] = [
  {
    alert: 'SekishoSigningKeyOld',
    expr: `max by (signer) (signing_key_age_seconds{state="active"}) > on () group_left () max(signing_key_period_seconds) + ${DAY_SECONDS}`,
    for: '1h',
    severity: 'warning',
    summary: 'A signing key is older than it may become',
    description:
      'The key of {{ $labels.signer }} signs since {{ $value | humanizeDuration }}, a day longer than its period.',
  },
  {
    alert: 'SekishoSigningKeyWaiting',
    expr: 'max by (signer, reason) (signing_key_waiting{reason!="publishing"}) == 1',
    for: '1h',
    severity: 'warning',
    summary: 'The next signing key should sign and cannot',
    description:
      'That of {{ $labels.signer }} waits: {{ $labels.reason }}. A key that leaked could not be replaced now.',
  },
  {
    alert: 'SekishoSigningKeyNextMissing',
    expr: 'max by (signer) (signing_key_age_seconds{state="next"}) == 0 and on (signer) max by (signer) (signing_key_age_seconds{state="active"}) > 0',
    for: '1h',
    severity: 'warning',
    summary: 'There is no signing key to go over to',
    description: 'If the key of {{ $labels.signer }} leaked, its successor would sign before every proxy knows it.',
  },
  {
    alert: 'SekishoSigningKeysUnread',
    // Two looks of KEY_POLL_SECONDS (30) and a little: then a replica stops to sign.
    expr: 'max by (signer) (signing_keys_read_age_seconds) > 60',
    for: '1m',
    severity: 'critical',
    summary: 'A replica of the auth service cannot read its keys',
    description:
      'For {{ $value | humanizeDuration }} it could not ask the database: it is about to sign and publish nothing.',
  },
  {
    alert: 'SekishoDatabasePrimaryAway',
    // Of a region with a replica of the database. Signing goes on for a day by what the primary last said.
    expr: 'max(signing_keys_primary_age_seconds) > 300',
    for: '5m',
    severity: 'critical',
    summary: 'The primary of the database does not answer, and its replica alone is read',
    description:
      'For {{ $value | humanizeDuration }} no account can be changed and no key rotated. After an hour nobody logs in, after a day nothing is signed.',
  },
  {
    alert: 'SekishoDatabaseReplicaBehind',
    // A primary that is away tells its replica nothing: that is the alert above.
    expr: 'max(database_replica_age_seconds) > 120 unless on () max(signing_keys_primary_age_seconds) > 120',
    for: '5m',
    severity: 'warning',
    summary: 'The replica of the database does not follow its primary',
    description:
      'What it shows is {{ $value | humanizeDuration }} old. If the primary went away now, people would log in by that, and after an hour nobody would.',
  },
  {
    alert: 'SekishoSigningKeyCompromised',
    expr: 'sum by (signer) (increase(signing_key_transitions_total{state="compromised"}[1h])) > 0',
    for: '0m',
    severity: 'critical',
    summary: 'A signing key was reported as compromised',
    description: 'A key of {{ $labels.signer }} was retired, and what it signed is refused. Did somebody mean to?',
  },
];
