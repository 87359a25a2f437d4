import { PROXY_METRICS } from '@sekisho/cdk8s';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import type { RegionPlace } from '../regions/index.ts';

/** A row of `scrape_configs`, as Prometheus reads it. */
export interface ScrapeJob {
  readonly job_name: string;
  readonly metrics_path?: string;
  readonly static_configs: readonly StaticConfig[];
  readonly metric_relabel_configs?: readonly object[];
}

interface StaticConfig {
  /** HOST:PORT */
  readonly targets: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** Every part of the mesh, and its proxies. */
export function meshJobs(mesh: MeshInfo): readonly ScrapeJob[] {
  const proxies = Object.entries(mesh.workloads).map(([workload, { namespace, envoyAdmin }]) => ({
    targets: [new URL(envoyAdmin).host],
    labels: { namespace, workload },
  }));
  return [
    ...partJobs({ operator: mesh.operator, auth: mesh.auth.adminUrl, guard: mesh.guard }),
    {
      job_name: 'sekisho-proxies',
      metrics_path: '/stats/prometheus',
      static_configs: proxies,
      metric_relabel_configs: [{ source_labels: ['__name__'], regex: PROXY_METRICS, action: 'keep' }],
    },
  ];
}

/** What the Prometheus of one region scrapes of what knows that there are others. */
export function regionJobs({ auth, guardOps }: RegionPlace): readonly ScrapeJob[] {
  return partJobs({ auth: auth.adminUrl, guard: guardOps });
}

/** @param urls by part */
function partJobs(urls: Readonly<Record<string, string>>): readonly ScrapeJob[] {
  return Object.entries(urls).map(([part, url]) => ({
    job_name: `sekisho-${part}`,
    static_configs: [{ targets: [new URL(url).host] }],
  }));
}
