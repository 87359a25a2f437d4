import type { Logger, Metrics } from '@sekisho/telemetry';
import { GuardError } from '../errors.ts';
import { KEY_FAILURES } from './key-failure.ts';
import type { KeySource } from './key-source.ts';
import type { KeySourceObserver } from './polled-key-source.ts';

export interface KeyObserverOptions {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly source: () => Pick<KeySource, 'ageMs'>;
}

const HELD = ['active', 'next'] as const;
const RESULTS = ['told', ...KEY_FAILURES, 'internal'] as const;

/** Tells log and metrics. What fails again and again is told once, until it succeeds. */
export function createKeyObserver({ log, metrics, source }: KeyObserverOptions): KeySourceObserver {
  const looks = metrics.counter({
    name: 'guard_key_looks_total',
    help: 'Times that the auth service was asked for the keys of the guard, by what came of it',
    labels: { result: RESULTS },
  });
  const held = metrics.gauge({
    name: 'guard_signing_key_held',
    help: '1 for a key that this process can sign with: the one in use, and the one that waits',
    labels: { state: HELD },
  });
  metrics.gauge({
    name: 'guard_keys_age_seconds',
    help: 'Time since the auth service last told its keys; +Inf before the first time',
    collect: (gauge) => gauge.set(source().ageMs / 1_000),
  });
  const failing = new Set<string>();
  return {
    told(holding) {
      looks.inc({ result: 'told' });
      for (const state of HELD) held.set(holding[state] ? 1 : 0, { state });
      if (failing.size > 0) log.info('the keys of the guard are known again');
      failing.clear();
    },
    offered: (kid) => log.info({ kid }, 'a signing key was made and taken in by the auth service'),
    failed(err) {
      const result = KEY_FAILURES.find((code) => err instanceof GuardError && err.code === code) ?? 'internal';
      looks.inc({ result });
      if (failing.has(result)) return;
      failing.add(result);
      log.warn({ err }, 'the keys of the guard could not be read, will go on trying');
    },
  };
}
