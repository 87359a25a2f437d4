import * as prom from 'prom-client';
import { BoundedLabels, type LabelDeclaration, type LabelValues } from './labels.ts';
import { Exemplars, toOpenMetrics } from './open-metrics.ts';
import { Tallies } from './tallies.ts';

interface MetricOptions<L extends LabelDeclaration> {
  readonly name: string;
  readonly help: string;
  /** Every label with every value it may take: cardinality is decided here, not by what a request brings. */
  readonly labels?: L;
}

export interface HistogramOptions<L extends LabelDeclaration> extends MetricOptions<L> {
  /** Upper bounds, ascending; seconds for a `_seconds` metric. */
  readonly buckets: readonly number[];
}

export interface GaugeOptions<L extends LabelDeclaration> extends MetricOptions<L> {
  /** Called at each scrape, to set the gauge from state that is kept elsewhere. */
  readonly collect?: (gauge: Gauge<L>) => void;
}

type Args<L extends LabelDeclaration> = keyof L extends never ? [labels?: LabelValues<L>] : [labels: LabelValues<L>];

export interface Counter<L extends LabelDeclaration> {
  inc(...labels: Args<L>): void;
  /** @param amount a number that is not negative */
  add(amount: number, ...labels: Args<L>): void;
  /** One of its series, asked for once by what counts at every request: its labels are looked up here, and not each time. */
  series(...labels: Args<L>): Series;
}

export interface Series {
  inc(): void;
}

export interface Gauge<L extends LabelDeclaration> {
  set(value: number, ...labels: Args<L>): void;
}

export interface Histogram<L extends LabelDeclaration> {
  observe(value: number, ...labels: Args<L>): void;
  /** The same, with the recorded trace in which it was observed as an exemplar. */
  observeTraced(value: number, traceId: string | undefined, ...labels: Args<L>): void;
}

export interface Metrics {
  counter<const L extends LabelDeclaration = Record<never, never>>(options: MetricOptions<L>): Counter<L>;
  gauge<const L extends LabelDeclaration = Record<never, never>>(options: GaugeOptions<L>): Gauge<L>;
  histogram<const L extends LabelDeclaration = Record<never, never>>(options: HistogramOptions<L>): Histogram<L>;
  /** The Prometheus text format. */
  render(): Promise<string>;
  /** OpenMetrics, with exemplars. */
  renderOpen(): Promise<string>;
  readonly contentType: string;
}

/** Which program a process runs. */
export interface Build {
  /** For example `guard`. */
  readonly part: string;
  readonly version: string;
}

export interface MetricsOptions {
  /** Told as `sekisho_build_info`. @default not told */
  readonly build?: Build;
  /** What an undeclared label value becomes: an error, to find it early, or the value `other`. @default 'other' */
  readonly undeclared?: 'throw' | 'other';
  /** Memory, CPU, event loop and garbage collection of this process. @default true */
  readonly processMetrics?: boolean;
}

/** A registry of its own, so that two of them (tests, two apps in one process) never meet. */
export function createMetrics({ undeclared = 'other', processMetrics = true, build }: MetricsOptions = {}): Metrics {
  const register = new prom.Registry();
  if (processMetrics) prom.collectDefaultMetrics({ register });
  if (build) tellBuild(register, build);
  const registry = { register, undeclared, exemplars: new Exemplars() };
  return {
    contentType: register.contentType,
    render: () => register.metrics(),
    renderOpen: async () => toOpenMetrics(await register.metrics(), registry.exemplars),
    counter: (options) => counterIn(registry, options),
    gauge: (options) => gaugeIn(registry, options),
    histogram: (options) => histogramIn(registry, options),
  };
}

interface Registry {
  readonly register: prom.Registry;
  readonly exemplars: Exemplars;
  readonly undeclared: 'throw' | 'other';
}

function counterIn<L extends LabelDeclaration>(
  { register, undeclared }: Registry,
  options: MetricOptions<L>,
): Counter<L> {
  const labels = new BoundedLabels(options, undeclared);
  const { name, help } = options;
  const tallies = new Tallies((series, amount) => counter.inc(series, amount));
  const collect = () => tallies.tell();
  const counter = new prom.Counter({ name, help, labelNames: labels.names, registers: [register], collect });
  // A series that starts at zero lets rate() see its first increase.
  for (const combination of labels.combinations()) counter.inc(combination, 0);
  return {
    inc: (...[values]) => counter.inc(labels.check(values)),
    add: (amount, ...[values]) => counter.inc(labels.check(values), amount),
    series: (...[values]) => tallies.of(labels.check(values)),
  };
}

function gaugeIn<L extends LabelDeclaration>({ register, undeclared }: Registry, options: GaugeOptions<L>): Gauge<L> {
  const labels = new BoundedLabels(options, undeclared);
  const { name, help, collect } = options;
  const gauge = new prom.Gauge({
    name,
    help,
    labelNames: labels.names,
    registers: [register],
    ...(collect !== undefined && { collect: () => collect(bounded) }),
  });
  const bounded: Gauge<L> = { set: (value, ...[values]) => gauge.set(labels.check(values), value) };
  return bounded;
}

function histogramIn<L extends LabelDeclaration>(
  { register, undeclared, exemplars }: Registry,
  options: HistogramOptions<L>,
): Histogram<L> {
  const labels = new BoundedLabels(options, undeclared);
  const { name, help } = options;
  const buckets = [...options.buckets];
  const histogram = new prom.Histogram({ name, help, labelNames: labels.names, buckets, registers: [register] });
  for (const combination of labels.combinations()) histogram.zero(combination);
  return {
    observe: (value, ...[values]) => histogram.observe(labels.check(values), value),
    observeTraced(value, traceId, ...[values]) {
      const checked = labels.check(values);
      histogram.observe(checked, value);
      if (traceId === undefined) return;
      exemplars.keep(name, buckets, { labels: checked, traceId, value, at: Date.now() / 1000 });
    },
  };
}

function tellBuild(register: prom.Registry, { part, version }: Build): void {
  const info = new prom.Gauge({
    name: 'sekisho_build_info',
    help: '1, with which part of Sekisho this process is and in which version',
    labelNames: ['part', 'version'],
    registers: [register],
  });
  info.set({ part, version }, 1);
}
