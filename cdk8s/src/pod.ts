import { k8s } from 'cdk8s-plus-27';

/** User and group of distroless images; the pod security standard `restricted` wants any but root. */
export const NONROOT = 65_532;

/** What a pod needs for the pod security standard `restricted`. Its volumes belong to `user` as a group. */
export function restrictedPod(user: number): k8s.PodSecurityContext {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    fsGroup: user,
    // Else each start looks through all that a volume holds.
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** The same of a container, and a root file system that nothing is written to. */
export function restrictedContainer(): k8s.SecurityContext {
  return { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
}

/** As Kubernetes writes quantities. Of CPU there is no limit: who may not use an idle one only answers later. */
export interface Resources {
  readonly cpu: string;
  readonly memory: string;
  readonly memoryLimit: string;
}

export function requirements({ cpu, memory, memoryLimit }: Resources): k8s.ResourceRequirements {
  const quantity = (text: string) => k8s.Quantity.fromString(text);
  return { requests: { cpu: quantity(cpu), memory: quantity(memory) }, limits: { memory: quantity(memoryLimit) } };
}

/** A folder in memory, for what need not outlive a process. */
export function scratch(name: string): k8s.Volume {
  return { name, emptyDir: { medium: 'Memory', sizeLimit: k8s.Quantity.fromString('16Mi') } };
}

/** Files of a Secret, mounted read-only. */
export interface SecretFiles {
  readonly secretName: string;
  readonly mountPath: string;
  readonly keys: readonly string[];
}

export function secretVolume({ secretName, keys }: SecretFiles): k8s.Volume {
  const items = keys.map((key) => ({ key, path: key }));
  return { name: 'secrets', secret: { secretName, defaultMode: 0o440, items } };
}

export function secretMount({ mountPath }: SecretFiles): k8s.VolumeMount {
  return { name: 'secrets', mountPath, readOnly: true };
}
