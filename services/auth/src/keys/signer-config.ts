import { ConfigError } from '@sekisho/telemetry';
import { Type } from 'typebox';
import type { WorkloadId } from '../exchange/workload.ts';

const NAME = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?';

/** Variables of signers beside this service. */
export const SignerEnvironment = {
  GUARD_WORKLOADS: Type.Optional(
    Type.String({
      pattern: `^${NAME}(,${NAME})*$`,
      maxLength: 2_048,
      description:
        'NAMESPACE/SERVICEACCOUNT of the guard, or several separated by commas: who may have keys that sign narrow tokens',
    }),
  ),
};

interface SignerConfig {
  readonly GUARD_WORKLOADS?: string;
  readonly WORKLOAD_KEYS?: string;
}

/**
 * Who may have the guard's keys.
 * @throws ConfigError when nobody could prove to be that
 */
export function guardWorkloads({ GUARD_WORKLOADS: names, WORKLOAD_KEYS: keys }: SignerConfig): readonly WorkloadId[] {
  if (names === undefined) return [];
  if (keys === undefined) {
    const text = 'is set, but WORKLOAD_KEYS is not: nobody could prove to be such a workload';
    throw new ConfigError([{ variable: 'GUARD_WORKLOADS', text }]);
  }
  return names.split(',').map((name) => {
    const [namespace = '', serviceAccount = ''] = name.split('/');
    return { namespace, serviceAccount };
  });
}
