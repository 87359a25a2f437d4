import { App, Chart, Yaml } from 'cdk8s';

/** A Kubernetes object as plain data. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export type Labels = Readonly<Record<string, string>>;

/** `local`: workloads run as processes beside the API server, so no Deployment. `cluster`: everything. */
export type Target = 'local' | 'cluster';

/** Renders what `build` adds to one chart, in the order in which it was added. */
export function render<T>(build: (chart: Chart) => T): T & { readonly manifests: readonly Manifest[] } {
  const chart = new Chart(new App(), 'sekisho');
  const built = build(chart);
  return { ...built, manifests: chart.toJson() };
}

/** One YAML document per object. */
export function toYaml(manifests: readonly Manifest[]): string {
  return Yaml.formatObjects([...manifests]);
}
