/** How a value is shown, by Grafana's names of units. */
export type Unit = 'reqps' | 'ops' | 's' | 'percentunit' | 'short' | 'none' | 'dateTimeFromNow' | 'bytes';

export interface Query {
  /** PromQL; `$__rate_interval` and `$namespace` are Grafana's to fill in. */
  readonly expr: string;
  /** Name of a series, with `{{label}}` for what tells it from others. */
  readonly legend: string;
}

/** From which value on it is no good. */
export interface Thresholds {
  readonly warning?: number;
  readonly critical: number;
}

interface PanelBase {
  readonly title: string;
  /** What a reader sees by it; the `i` of its corner. */
  readonly description: string;
  readonly unit: Unit;
  /** At least one. */
  readonly queries: readonly Query[];
  readonly thresholds?: Thresholds;
}

export interface TimeSeries extends PanelBase {
  readonly kind: 'timeseries';
  /** Areas upon each other, where the sum means something. @default false */
  readonly stacked?: boolean;
}

/** One number for each series, as it is now. */
export interface Stat extends PanelBase {
  readonly kind: 'stat';
}

/** One line for each series, as it is now. */
export interface Bars extends PanelBase {
  readonly kind: 'bars';
}

export type Panel = TimeSeries | Stat | Bars;

export interface Row {
  readonly title: string;
  /** Side by side, of one width. */
  readonly panels: readonly Panel[];
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  /** For whom it is, and what for. */
  readonly description: string;
  /** Whether it is of some namespaces, which the reader chooses. @default false */
  readonly byNamespace?: boolean;
  readonly rows: readonly Row[];
}
