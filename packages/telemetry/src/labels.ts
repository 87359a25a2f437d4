import { TelemetryError } from './errors.ts';

export type LabelDeclaration = Readonly<Record<string, readonly string[]>>;
export type LabelValues<L extends LabelDeclaration> = { readonly [K in keyof L]: L[K][number] };

const MAX_SERIES = 200;

/** Holds label values to what was declared; the types do so at compile time, this for values that were cast. */
export class BoundedLabels<L extends LabelDeclaration> {
  readonly names: string[];
  readonly #metric: string;
  readonly #undeclared: 'throw' | 'other';
  readonly #allowed: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(metric: { readonly name: string; readonly labels?: L }, undeclared: 'throw' | 'other') {
    const declared: [string, ReadonlySet<string>][] = Object.entries(metric.labels ?? {}).map(([label, values]) => [
      label,
      new Set(values),
    ]);
    this.#metric = metric.name;
    this.#undeclared = undeclared;
    this.#allowed = new Map(declared);
    this.names = [...this.#allowed.keys()];
    const series = declared.reduce((product, [, values]) => product * values.size, 1);
    if (series > MAX_SERIES) this.#refuse(`declares ${series} series, more than ${MAX_SERIES}`);
  }

  check(values: LabelValues<L> | undefined): Record<string, string> {
    const checked: Record<string, string> = {};
    for (const [label, allowed] of this.#allowed) {
      const value = values !== undefined && Object.hasOwn(values, label) ? values[label] : undefined;
      checked[label] = value !== undefined && allowed.has(value) ? value : this.#other(label);
    }
    return checked;
  }

  /** Every combination of declared values. */
  combinations(): Record<string, string>[] {
    let combinations: Record<string, string>[] = [{}];
    for (const [label, values] of this.#allowed) {
      combinations = combinations.flatMap((base) => [...values].map((value) => ({ ...base, [label]: value })));
    }
    return combinations;
  }

  #other(label: string): string {
    if (this.#undeclared === 'throw') this.#refuse(`got a value of label ${label} that was not declared`);
    return 'other';
  }

  /** The value itself stays out of the message: it may come from a request. */
  #refuse(reason: string): never {
    throw new TelemetryError('label_undeclared', `metric ${this.#metric} ${reason}`);
  }
}
