export type TelemetryErrorCode = 'config_invalid' | 'label_undeclared' | 'shutdown_timeout';

/** Base of every error this package throws. `code` is stable; the message never holds a configured value. */
export class TelemetryError extends Error {
  readonly code: TelemetryErrorCode;

  constructor(code: TelemetryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}
