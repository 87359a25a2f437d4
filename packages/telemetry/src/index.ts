export { type AuditContext, type AuditEvent, type AuditTrail, createAuditTrail } from './audit/audit-trail.ts';
export {
  ConfigError,
  type Environment,
  type ListenAddress,
  ListenSchema,
  LogLevelSchema,
  parseListen,
  readConfig,
} from './config.ts';
export { TelemetryError, type TelemetryErrorCode } from './errors.ts';
export type { LabelDeclaration, LabelValues } from './labels.ts';
export { listen } from './listen.ts';
export { createLogger, type Logger, type LoggerOptions, type LogLevel } from './log.ts';
export {
  type Build,
  type Counter,
  createMetrics,
  type Gauge,
  type GaugeOptions,
  type Histogram,
  type HistogramOptions,
  type Metrics,
  type MetricsOptions,
} from './metrics.ts';
export { type OpsAnswer, type OpsRoutes, type OpsRoutesOptions, opsRoutes } from './ops-routes.ts';
export { type OpsServer, type OpsServerOptions, startOpsServer } from './ops-server.ts';
export type { Check, Checks } from './readiness.ts';
export { afterRunning } from './running-time.ts';
export {
  type Closer,
  type FailingProcess,
  failStart,
  onSignals,
  type ShutdownOptions,
  type SignalSource,
} from './shutdown.ts';
export { openTracing } from './traces/open-tracing.ts';
export { traceRedis } from './traces/redis-commands.ts';
export { parseTraceparent } from './traces/trace-context.ts';
export { tracedFetch } from './traces/traced-fetch.ts';
export { type Attributes, NO_TRACING, type OpenSpan, type Tracing } from './traces/tracing.ts';
export { errorType, within, wrap } from './traces/wrap.ts';
