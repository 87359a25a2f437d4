import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import type { Labels } from './kubernetes.ts';
import type { WorkloadFacts } from './workload.ts';

/** How many pods there are: a fixed number, or as many as their load asks for. */
export type Replicas = number | Autoscaling;

/** Needs the metrics API (metrics-server). Without it there are `min`. */
export interface Autoscaling {
  /** At least 2, or the loss of a node is an outage. */
  readonly min: number;
  readonly max: number;
  /**
   * CPU of the average pod above which another is added, as Kubernetes writes quantities. Not a share of what it requests: its one thread
   * has a core at most, however little it asks for. @default '700m'
   */
  readonly targetCpu?: string;
}

/** Read by the controller every 15 s; a process has three quarters of its core by then and is not late yet. */
const TARGET_CPU = '700m';

/**
 * No two pods of a revision on one node while another node has none, so that a node takes one with it at most; over zones as far as it
 * goes. Nodes that take no pods do not count: with one node left both go there.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
 */
export function spreadOver(labels: Labels): k8s.TopologySpreadConstraint[] {
  const constraint = (topologyKey: string, whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway') => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable,
    nodeTaintsPolicy: 'Honor',
    labelSelector: { matchLabels: { ...labels } },
    // Else pods of the revision that leaves count, and the new ones are uneven once it has left.
    matchLabelKeys: ['pod-template-hash'],
  });
  return [
    constraint('kubernetes.io/hostname', 'DoNotSchedule'),
    constraint('topology.kubernetes.io/zone', 'ScheduleAnyway'),
  ];
}

/** Nodes are emptied one pod at a time. A pod that is not ready holds up nobody: evicting it takes nothing away. */
export function addDisruptionBudget(scope: Construct, { name, namespace, labels }: WorkloadFacts): void {
  new k8s.KubePodDisruptionBudget(scope, 'disruption-budget', {
    metadata: { name, namespace },
    spec: {
      maxUnavailable: k8s.IntOrString.fromNumber(1),
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: { ...labels } },
    },
  });
}

export function addAutoscaler(scope: Construct, { name, namespace }: WorkloadFacts, scaling: Autoscaling): void {
  const { min, max, targetCpu = TARGET_CPU } = scaling;
  const target = { type: 'AverageValue', averageValue: k8s.Quantity.fromString(targetCpu) };
  // Beside a sidecar the whole pod's CPU would count.
  const metric = { type: 'ContainerResource', containerResource: { name: 'cpu', container: name, target } };
  new k8s.KubeHorizontalPodAutoscalerV2(scope, 'autoscaler', {
    metadata: { name, namespace },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: min,
      maxReplicas: max,
      metrics: [metric],
    },
  });
}
