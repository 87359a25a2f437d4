import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import { OPEN_METRICS_TYPE } from './open-metrics.ts';
import { type Checks, createReadiness } from './readiness.ts';

export interface OpsRoutesOptions {
  readonly metrics: Metrics;
  readonly log: Logger;
  /** What must work for the process to be ready, by name. */
  readonly checks?: Checks;
  /** Time for all checks of one request. @default 1000 */
  readonly checkTimeoutMs?: number;
}

export interface OpsAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** What of a request matters. */
export interface OpsRequest {
  readonly accept?: string | undefined;
}

/** What GET answers, by path. */
export type OpsRoutes = ReadonlyMap<string, (request?: OpsRequest) => Promise<OpsAnswer>>;

/** /healthz, /readyz and /metrics, for any server. */
export function opsRoutes({ metrics, log, checks = {}, checkTimeoutMs }: OpsRoutesOptions): OpsRoutes {
  const readiness = createReadiness({ checks, timeoutMs: checkTimeoutMs, log });
  return new Map<string, (request?: OpsRequest) => Promise<OpsAnswer>>([
    ['/healthz', async () => jsonAnswer(200, { status: 'ok' })],
    [
      '/readyz',
      async () => {
        const state = await readiness();
        return jsonAnswer(state.status === 'ready' ? 200 : 503, state);
      },
    ],
    ['/metrics', (request) => metricsAnswer(metrics, request?.accept)],
  ]);
}

async function metricsAnswer(metrics: Metrics, accept = ''): Promise<OpsAnswer> {
  const isOpen = accept.includes('application/openmetrics-text');
  if (isOpen) return { status: 200, contentType: OPEN_METRICS_TYPE, body: await metrics.renderOpen() };
  return { status: 200, contentType: metrics.contentType, body: await metrics.render() };
}

export function jsonAnswer(status: number, value: unknown): OpsAnswer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value)}\n` };
}
