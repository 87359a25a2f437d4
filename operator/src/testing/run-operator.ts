import { connect, KubeClient, systemClock, type Transport } from '@sekisho/kube';
import { createLogger, createMetrics, type Metrics } from '@sekisho/telemetry';
import { expect, vi } from 'vitest';
import type { Asking } from '../enforce/asking.ts';
import { createFetchJson } from '../fetch-jwks.ts';
import { meshConfigFromFile } from '../observe/mesh-config.ts';
import { createOperator } from '../operator.ts';
import { Outages } from '../outages.ts';
import { MESH } from './objects.ts';

export interface RunOptions {
  readonly kubeconfig: string;
  readonly meshConfig: () => string;
  /** @default 5 min */
  readonly jwksRefreshMs?: number;
  /** @default nobody asks istiod */
  readonly asking?: Asking;
}

/** An operator inside the test's process. */
export interface OperatorRun {
  /** `METHOD path` of every call that it sent, each try counted. */
  readonly calls: readonly string[];
  /** Answers to them from 400 on, as `status METHOD path`. */
  readonly refusals: readonly string[];
  /** Its log, one JSON text a line. */
  readonly log: readonly string[];
  /** `type reason name` of the events that it recorded, by the name of the object that each is about. */
  readonly events: readonly string[];
  readonly metrics: Metrics;
  /** Safe to call twice. */
  stop(): Promise<void>;
}

/** Resolves when its caches are full. */
export async function runOperator({
  kubeconfig,
  meshConfig,
  jwksRefreshMs = 300_000,
  asking,
}: RunOptions): Promise<OperatorRun> {
  const transport = connect({ kubeconfig });
  const keys = createFetchJson({ timeoutMs: 30_000, maxBytes: 256 * 1024 });
  const calls: string[] = [];
  const refusals: string[] = [];
  const log: string[] = [];
  const events: string[] = [];
  const logger = createLogger({ name: 'operator', destination: { write: (line) => void log.push(line) } });
  const metrics = createMetrics({ processMetrics: false });
  const operator = createOperator({
    client: new KubeClient(counting(transport, calls, refusals), { fieldManager: 'sekisho-operator' }),
    fetch: keys.fetch,
    events: {
      record: ({ type, reason, regarding }) => void events.push(`${type} ${reason} ${regarding.metadata.name}`),
      stop: () => Promise.resolve(),
    },
    mesh: MESH,
    meshConfig: meshConfigFromFile(systemClock, async () => meshConfig(), 50),
    jwksRefreshMs,
    asking,
    log: logger,
    outages: new Outages({ log: logger, clock: systemClock }),
    metrics,
    clock: systemClock,
    random: Math.random,
  });
  operator.start();
  const end = async () => {
    await operator.stop(2_000);
    await keys.close();
    await transport.close();
  };
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= end();
    return stopped;
  };
  await vi.waitFor(() => expect(operator.ready).toBe(true), 90_000);
  return { calls, refusals, log, events, metrics, stop };
}

function counting(transport: Transport, calls: string[], refusals: string[]): Transport {
  return {
    close: () => transport.close(),
    async send(call) {
      calls.push(`${call.method} ${call.path}`);
      const reply = await transport.send(call);
      if (reply.status >= 400) refusals.push(`${reply.status} ${call.method} ${call.path}`);
      return reply;
    },
  };
}
