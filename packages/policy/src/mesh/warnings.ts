import type { ServiceAuthPolicy } from '../resources.ts';
import { providerOf } from '../revocation.ts';
import { GATEWAY, PROVIDER } from '../vocabulary.ts';
import { findProvider, type Mesh } from './capability.ts';
import { foreignWarnings } from './foreign.ts';
import { plaintextWarnings } from './plaintext.ts';
import { portWarnings } from './ports.ts';
import type { Surroundings } from './surroundings.ts';
import type { Warning } from './warning.ts';

/** What a person should know about an accepted policy in its mesh, the most serious first. */
export function warningsOf(policy: ServiceAuthPolicy, mesh: Mesh, surroundings: Surroundings): readonly Warning[] {
  return [
    ...workloadWarnings(policy, surroundings),
    ...foreignWarnings(policy, surroundings),
    ...plaintextWarnings(policy, mesh, surroundings),
    ...portWarnings(policy, surroundings),
    ...meshWarnings(policy, mesh),
  ];
}

function workloadWarnings({ spec }: ServiceAuthPolicy, { workloads }: Surroundings): readonly Warning[] {
  if (workloads.selected > 0) return [];
  const what =
    spec.targetRefs === undefined
      ? 'no Pod and no WorkloadEntry of the namespace has the labels of spec.selector; correct it, or deploy the workload'
      : `no Pod and no WorkloadEntry of the namespace has the label ${GATEWAY.nameLabel} with the name of a target; correct spec.targetRefs, or deploy the Gateway in this namespace`;
  return [{ reason: 'NoWorkloads', message: `nothing is guarded: ${what}` }];
}

function meshWarnings({ spec }: ServiceAuthPolicy, { trustDomain, rootNamespace, config }: Mesh): readonly Warning[] {
  if (config === undefined) return [];
  const found: Warning[] = [];
  const provider = providerOf(spec);
  if (config.trustDomain !== trustDomain && spec.rules.some(({ allow }) => allow.callers !== undefined)) {
    found.push(differs('trustDomain', trustDomain, config.trustDomain));
  }
  if (config.rootNamespace !== rootNamespace) {
    found.push(differs('rootNamespace', rootNamespace, config.rootNamespace));
  }
  if (spec.targetRefs !== undefined && provider === undefined && findProvider(config, PROVIDER.edge) !== undefined) {
    const message = 'the guard is installed, but this Gateway does not ask it; set spec.revocation.check: Edge';
    found.push({ reason: 'RevocationUnchecked', message });
  }
  if (provider !== undefined && findProvider(config, provider)?.timeout === undefined) {
    const message = `the extensionProvider ${provider} has no timeout, so a guard that hangs holds each request for ten minutes; set timeout: 0.25s`;
    found.push({ reason: 'ProviderWithoutTimeout', message });
  }
  if (!config.normalizesPaths && spec.rules.some(({ to = [] }) => to.some(({ paths }) => paths !== undefined))) {
    const message =
      'the mesh compares paths with encoded or doubled slashes as they were sent, and the service may read them otherwise; set pathNormalization.normalization: DECODE_AND_MERGE_SLASHES in the mesh config';
    found.push({ reason: 'PathsNotNormalized', message });
  }
  return found;
}

function differs(field: string, assumed: string, written: string): Warning {
  const message = `objects are written for ${field} ${assumed}, but the mesh config says ${written}; start the operator with that one`;
  return { reason: 'MeshSettingsDiffer', message };
}
