import { type IndexFunction, Informer, isRecord, type KubeObject, type StoreView } from '@sekisho/kube';
import { type IstioKind, LABEL, MANAGED_BY } from '@sekisho/policy';
import { type CacheOptions, watching } from '../caches.ts';
import { labelKeys } from '../references.ts';
import { GENERATED, PODS, SERVICES, WORKLOAD_ENTRIES } from '../resources.ts';
import { pruneForeign, prunePod, pruneService, pruneWorkloadEntry } from './prune.ts';

/** `namespace/label=value` of each label. */
export type LabelIndex = 'label';

/** What stands around policies. Nothing here decides what is written: only what the status says of it. */
export interface ObservedViews {
  /** Everything that istiod may give a proxy. */
  readonly workloads: readonly { readonly store: StoreView<LabelIndex> }[];
  /** By the labels that they select. */
  readonly services: { readonly store: StoreView<LabelIndex> };
  /** Istio's policies of other authors. */
  readonly foreign: readonly { readonly store: StoreView<'namespace'> }[];
}

export interface Observed extends ObservedViews {
  readonly workloads: readonly Informer<LabelIndex>[];
  readonly services: Informer<LabelIndex>;
  readonly foreign: readonly Informer<'namespace'>[];
}

export const OWN_LABELS: Readonly<Record<LabelIndex, IndexFunction>> = {
  label: ({ metadata }) => labelKeys(metadata.namespace, metadata.labels ?? {}),
};
export const SELECTED_LABELS: Readonly<Record<LabelIndex, IndexFunction>> = {
  label: (service) => labelKeys(service.metadata.namespace, serviceSelector(service)),
};
export const BY_NAMESPACE: Readonly<Record<'namespace', IndexFunction>> = {
  namespace: ({ metadata }) => [metadata.namespace ?? ''],
};

export function createObserved(options: CacheOptions): Observed {
  const foreign = (kind: IstioKind) =>
    new Informer<'namespace'>({
      ...watching(options, `${kind} of others`),
      resource: GENERATED[kind],
      labelSelector: `${LABEL.managedBy}!=${MANAGED_BY}`,
      prune: pruneForeign,
      indexes: BY_NAMESPACE,
    });
  return {
    workloads: [
      new Informer<LabelIndex>({
        ...watching(options, PODS.kind),
        resource: PODS,
        // What has ended serves nothing, and stays listed for long.
        fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
        prune: prunePod,
        indexes: OWN_LABELS,
      }),
      new Informer<LabelIndex>({
        ...watching(options, WORKLOAD_ENTRIES.kind),
        resource: WORKLOAD_ENTRIES,
        prune: pruneWorkloadEntry,
        indexes: OWN_LABELS,
      }),
    ],
    services: new Informer<LabelIndex>({
      ...watching(options, SERVICES.kind),
      resource: SERVICES,
      prune: pruneService,
      indexes: SELECTED_LABELS,
    }),
    foreign: [foreign('AuthorizationPolicy'), foreign('RequestAuthentication'), foreign('PeerAuthentication')],
  };
}

export function informersOf({ workloads, services, foreign }: Observed) {
  return [...workloads, services, ...foreign] as const;
}

/** The API server holds text alone there. */
export function serviceSelector({ spec }: KubeObject): Readonly<Record<string, string>> {
  const selector = isRecord(spec) && isRecord(spec['selector']) ? spec['selector'] : {};
  return selector as Readonly<Record<string, string>>;
}
