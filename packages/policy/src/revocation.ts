import type { RevocationCheck, ServiceAuthPolicy } from './resources.ts';
import type { ServiceAuthPolicySpec } from './schema/service-auth-policy.ts';
import { PROVIDER } from './vocabulary.ts';

export type Provider = (typeof PROVIDER)[keyof typeof PROVIDER];

/** A workload leaves the question to the edge unless it says otherwise; a Gateway is the edge only when it says so. */
export function checkOf({ targetRefs, revocation }: ServiceAuthPolicySpec): RevocationCheck {
  return revocation?.check ?? (targetRefs === undefined ? 'Edge' : 'None');
}

/** The extension provider of the mesh that a policy needs in front of its target, if any. */
export function providerOf({ targetRefs, revocation }: ServiceAuthPolicy['spec']): Provider | undefined {
  if (targetRefs !== undefined) return revocation.check === 'Edge' ? PROVIDER.edge : undefined;
  return revocation.check === 'EveryHop' ? PROVIDER.hop : undefined;
}
