import type { MeshInfo } from '../mesh/mesh-info.ts';

/** Files of test-e2e/suite that run on the local mesh alone, with the reason. */
export const LOCAL_FILES: Readonly<Record<string, string>> = {
  'chaos.e2e.ts': 'load and faults stay on loopback addresses, where a supervisor brings back what was killed',
  'cookie-log-in.e2e.ts': 'starts a gateway with certificates of its own as a process',
  'differential.e2e.ts': 'reads the listeners of one Envoy by the address that it binds, which those of pods do not',
  'edge-unasked.e2e.ts': 'stops a process where it stands, which the first of a container ignores',
  'https-listeners.e2e.ts': 'starts a gateway with certificates of its own as a process',
  'metrics.e2e.ts': 'reads the administration of the Envoys of all services, which the suite opens of some',
  'monitoring.e2e.ts': 'starts a Prometheus as a process, which reads the processes of the local mesh',
  'traces.e2e.ts': 'opens a collector of spans on this machine, where no pod finds it',
};

/** What single tests need that a cluster does not offer, with the reason. */
const LOCAL_MEANS = {
  'stopped processes':
    'the first process of a container ignores SIGSTOP from within, and nodes are not the suite’s to enter',
  'a Redis that comes back': 'the one in the cluster has no volume here, and has forgotten what it knew',
  'the API server taken away': 'it is how the suite reaches the cluster',
  'a single Envoy taken away': 'it shares a pod with its app',
  'a webhook with an address': 'the API server finds it by its Service, whose port is inside of the cluster',
  'changes without istiod': 'its webhook checks objects of Istio, and the API server takes none that nobody checked',
  'an istiod for each workload': 'which istiod a pod asks is decided by its Service',
} as const;

/** For `skipIf`: whether the mesh runs where the test's means are missing. */
export function lacks({ cluster }: MeshInfo, means: keyof typeof LOCAL_MEANS): boolean {
  return cluster !== undefined && means in LOCAL_MEANS;
}
