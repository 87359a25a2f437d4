import { CLOCK_SKEW_SECONDS } from '@sekisho/tokens';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { AuthError } from '../errors.ts';
import type { ClusterIssuer, ClusterKeys } from './cluster-keys.ts';
import { ExchangeError } from './errors.ts';
import { type WorkloadId, workloadName } from './workload.ts';

export interface WorkloadProofOptions {
  readonly clusterKeys: ClusterKeys;
  readonly clock: () => Date;
}

/**
 * The workload that a projected ServiceAccount token proves.
 * @throws ExchangeError `invalid_request`, or AuthError `unavailable` when the cluster's keys are not known
 */
export type ProveWorkload = (token: string) => Promise<WorkloadId>;

/** What a projected token must be made for: one for the API server or another service is none for us. */
export const WORKLOAD_AUDIENCE = 'sekisho';

const ALGORITHMS = ['RS256', 'ES256', 'ES384', 'ES512'];
const MAX_LENGTH = 16_384;

/** https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens */
const Name = Type.String({ minLength: 1, maxLength: 253, pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' });
const KubernetesClaims = Compile(
  Type.Object({
    sub: Type.String(),
    'kubernetes.io': Type.Object({ namespace: Name, serviceaccount: Type.Object({ name: Name }) }),
  }),
);

export function createWorkloadProof({ clusterKeys, clock }: WorkloadProofOptions): ProveWorkload {
  const verify = async (token: string, { issuer, keys }: ClusterIssuer) => {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience: WORKLOAD_AUDIENCE,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_SKEW_SECONDS,
      currentDate: clock(),
      requiredClaims: ['iss', 'sub', 'aud', 'iat', 'exp'],
    });
    return payload;
  };
  return async (token) => {
    if (token.length > MAX_LENGTH) throw refusal(undefined);
    try {
      return toWorkload(await verify(token, await clusterKeys.current()).catch(onlyUnknownKey(token)));
    } catch (error) {
      if (error instanceof AuthError) throw error;
      throw refusal(error);
    }
  };

  /** The cluster may have begun to sign with another key since. */
  function onlyUnknownKey(token: string) {
    return async (error: unknown): Promise<JWTPayload> => {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      return verify(token, await clusterKeys.refreshed());
    };
  }
}

function toWorkload(payload: JWTPayload): WorkloadId {
  if (!KubernetesClaims.Check(payload)) throw refusal(undefined);
  const { namespace, serviceaccount } = payload['kubernetes.io'];
  const workload = { namespace, serviceAccount: serviceaccount.name };
  if (payload.sub !== workloadName(workload)) throw refusal(undefined);
  return workload;
}

function refusal(cause: unknown): ExchangeError {
  const wayOut = `a projected ServiceAccount token of this cluster with the audience ${WORKLOAD_AUDIENCE}, not expired`;
  return new ExchangeError('invalid_request', `the workload's token must be ${wayOut}`, { cause });
}
