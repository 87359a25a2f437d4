import { type Static, Type } from 'typebox';
import type { PodEnvironment } from './pod-credentials.ts';

/** Variables by which a process finds its API server. */
export const KubeEnvironment = {
  KUBECONFIG: Type.Optional(Type.String({ description: 'path of a kubeconfig; leave it out inside a pod' })),
  KUBERNETES_SERVICE_HOST: Type.Optional(Type.String({ description: 'set by the kubelet inside a pod' })),
  KUBERNETES_SERVICE_PORT: Type.String({ pattern: '^[0-9]{1,5}$', default: '443', description: 'likewise' }),
};

const Variables = Type.Object(KubeEnvironment);

export interface ApiServerPlace {
  readonly kubeconfig: string | undefined;
  /** Where a pod finds its API server; undefined outside of one. */
  readonly pod: PodEnvironment | undefined;
}

export function apiServerPlace(variables: Static<typeof Variables>): ApiServerPlace {
  const { KUBECONFIG: kubeconfig, KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = variables;
  return { kubeconfig, pod: host === undefined ? undefined : { host, port } };
}
