/** Series by how promtool writes them, one sample a minute: `0+6x20` begins at 0 and grows by 6 for 20 minutes. */
export type Series = Readonly<Record<string, string>>;

/** What makes one alert fire, and what does not. */
export interface AlertCase {
  readonly series: Series;
  /** When it fires, for example `10m`. */
  readonly at: string;
  /** Of the alert, beside its severity. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** What a person is told. */
  readonly description: string;
  /** Series in the place of those above by which the alert does not fire at that time. */
  readonly quiet: Series;
}
