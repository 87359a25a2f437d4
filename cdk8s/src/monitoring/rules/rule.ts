/** `critical`: somebody is woken. `warning`: somebody looks today. `info`: for who is looking anyway. */
export type Severity = 'critical' | 'warning' | 'info';

export interface AlertingRule {
  /** Also the name of its runbook. */
  readonly alert: `Sekisho${string}`;
  /** PromQL. */
  readonly expr: string;
  /** How long it has to hold, as Prometheus writes durations. */
  readonly for: string;
  readonly severity: Severity;
  /** What is wrong, in a few words. */
  readonly summary: string;
  /** What that means for people, and what was measured. */
  readonly description: string;
}

export interface RecordingRule {
  readonly record: string;
  /** PromQL. */
  readonly expr: string;
  /** Added to what the expression has. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Of whom rules tell. */
export const SUBJECTS = ['guard', 'auth', 'operator', 'proxies', 'regions'] as const;
export type Subject = (typeof SUBJECTS)[number];

/** Rules of one group are evaluated one after the other, so an alert may build on what was recorded above it. */
export interface RuleGroup {
  readonly subject: Subject;
  readonly records: readonly RecordingRule[];
  readonly alerts: readonly AlertingRule[];
}
