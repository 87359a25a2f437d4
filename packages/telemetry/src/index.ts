export { ConfigError, type ListenAddress, ListenSchema, parseListen, readConfig } from './config.ts';
export { TelemetryError, type TelemetryErrorCode } from './errors.ts';
export type { LabelDeclaration, LabelValues } from './labels.ts';
export { listen } from './listen.ts';
export { createLogger, LOG_LEVELS, type Logger, type LoggerOptions, type LogLevel } from './log.ts';
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
export {
  type Closer,
  type FailingProcess,
  failStart,
  onSignals,
  type ShutdownOptions,
  type SignalSource,
} from './shutdown.ts';
