import type { Metrics } from '@sekisho/telemetry';
import { type LiveKey, WAIT_REASONS, type WaitReason } from './rotation.ts';
import { SIGNERS, type Signer } from './signer.ts';

const AGED = ['next', 'active'] as const;
const TRANSITIONS = ['next', 'active', 'retired', 'compromised'] as const;
export type Transition = (typeof TRANSITIONS)[number];

export interface KeyMetrics {
  /** What one look at the database showed. */
  observe(keys: readonly LiveKey[], now: number, waits: WaitReason | undefined): void;
  entered(state: Transition): void;
}

export interface KeyFacts {
  /** How long ago the keys of a signer were read. */
  readonly ageMs: (signer: Signer) => number;
  /** The same of the primary, where there is a replica to read instead. */
  readonly primaryAgeMs?: (signer: Signer) => number;
  /** For how long a key signs. */
  readonly periodMs: number;
}

/** @returns the metrics of each signer */
export function createKeyMetrics(
  metrics: Metrics,
  { ageMs, primaryAgeMs, periodMs }: KeyFacts,
): (signer: Signer) => KeyMetrics {
  metrics.gauge({ name: 'signing_key_period_seconds', help: 'For how long a key is to sign' }).set(periodMs / 1000);
  const age = metrics.gauge({
    name: 'signing_key_age_seconds',
    help: 'For how long a key is in its state; 0 when there is none',
    labels: { signer: SIGNERS, state: AGED },
  });
  const waiting = metrics.gauge({
    name: 'signing_key_waiting',
    help: '1 for the reason why the next key does not sign although it should',
    labels: { signer: SIGNERS, reason: WAIT_REASONS },
  });
  const transitions = metrics.counter({
    name: 'signing_key_transitions_total',
    help: 'Keys that this process brought into a state',
    labels: { signer: SIGNERS, state: TRANSITIONS },
  });
  const perSigner = (name: string, help: string, msOf: (signer: Signer) => number) =>
    metrics.gauge({
      ...{ name, help, labels: { signer: SIGNERS } },
      collect: (gauge) => {
        for (const signer of SIGNERS) gauge.set(msOf(signer) / 1000, { signer });
      },
    });
  perSigner('signing_keys_read_age_seconds', 'How long ago the keys were read from the database', ageMs);
  if (primaryAgeMs !== undefined) {
    const help = 'How long ago the keys were read from the primary of the database, and not from its replica';
    perSigner('signing_keys_primary_age_seconds', help, primaryAgeMs);
  }
  return (signer) => ({
    observe(keys, now, waits) {
      for (const state of AGED) {
        const since = keys.find((key) => key.state === state)?.since ?? now;
        age.set((now - since) / 1000, { signer, state });
      }
      for (const reason of WAIT_REASONS) waiting.set(reason === waits ? 1 : 0, { signer, reason });
    },
    entered: (state) => transitions.inc({ signer, state }),
  });
}
