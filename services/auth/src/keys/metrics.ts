import type { Metrics } from '@sekisho/telemetry';
import { type LiveKey, WAIT_REASONS, type WaitReason } from './rotation.ts';

const AGED = ['next', 'active'] as const;
const TRANSITIONS = ['next', 'active', 'retired', 'compromised'] as const;
export type Transition = (typeof TRANSITIONS)[number];

export interface KeyMetrics {
  /** What one look at the database showed. */
  observe(keys: readonly LiveKey[], now: number, waits: WaitReason | undefined): void;
  entered(state: Transition): void;
}

/** @param ringAgeMs how long ago the keys were read */
export function createKeyMetrics(metrics: Metrics, ringAgeMs: () => number): KeyMetrics {
  const age = metrics.gauge({
    name: 'signing_key_age_seconds',
    help: 'For how long a key is in its state; 0 when there is none',
    labels: { state: AGED },
  });
  const waiting = metrics.gauge({
    name: 'signing_key_waiting',
    help: '1 for the reason why the next key does not sign although it should',
    labels: { reason: WAIT_REASONS },
  });
  const transitions = metrics.counter({
    name: 'signing_key_transitions_total',
    help: 'Keys that this process brought into a state',
    labels: { state: TRANSITIONS },
  });
  metrics.gauge({
    name: 'signing_keys_read_age_seconds',
    help: 'How long ago the keys were read from the database',
    collect: (gauge) => gauge.set(ringAgeMs() / 1000),
  });
  return {
    observe(keys, now, waits) {
      for (const state of AGED) {
        const since = keys.find((key) => key.state === state)?.since ?? now;
        age.set((now - since) / 1000, { state });
      }
      for (const reason of WAIT_REASONS) waiting.set(reason === waits ? 1 : 0, { reason });
    },
    entered: (state) => transitions.inc({ state }),
  };
}
