import { join } from 'node:path';
import { LOCAL } from '../mesh/paths.ts';

/** What `make e2e` is told by its environment; see README.md. */
export interface Settings {
  /** An administrator's, of a cluster that is there; undefined: one is made, and deleted in the end. */
  readonly kubeconfig: string | undefined;
  /** Name of a cluster that is made. */
  readonly cluster: string;
  /** File with kind's configuration of a cluster that is made. */
  readonly kindConfig: string | undefined;
  readonly nodeImage: string | undefined;
  readonly istioHub: string | undefined;
  readonly istioTag: string | undefined;
  /** File with an IstioOperator, over the settings of an Istio that is installed. */
  readonly istioConfig: string | undefined;
  /** What images are built from. */
  readonly base: string | undefined;
  readonly registry: string;
  readonly tag: string;
  readonly redis: { readonly image: string | undefined; readonly program: string | undefined };
  readonly postgresImage: string | undefined;
  /** Leaves everything as it is in the end. */
  readonly keep: boolean;
  /** Where what belongs to this run is written. */
  readonly folder: string;
}

/** Empty means not set, as make hands variables on. */
export function settingsFrom(env: Readonly<Record<string, string | undefined>>): Settings {
  const text = (name: string): string | undefined => env[name] || undefined;
  return {
    kubeconfig: text('KUBECONFIG'),
    cluster: text('CLUSTER') ?? 'sekisho-e2e',
    kindConfig: text('KIND_CONFIG'),
    nodeImage: text('NODE_IMAGE'),
    istioHub: text('ISTIO_HUB'),
    istioTag: text('ISTIO_TAG'),
    istioConfig: text('ISTIO_CONFIG'),
    base: text('BASE'),
    registry: text('REGISTRY') ?? 'sekisho',
    tag: text('TAG') ?? 'e2e',
    redis: { image: text('REDIS_IMAGE'), program: text('REDIS_PROGRAM') },
    postgresImage: text('POSTGRES_IMAGE'),
    keep: text('KEEP') !== undefined,
    folder: join(LOCAL, 'kind'),
  };
}
