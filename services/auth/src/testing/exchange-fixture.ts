import { randomUUID } from 'node:crypto';
import type { RevocableClaims } from '@sekisho/sessions';
import { ANY_AUDIENCE, createMinter, createVerifier, generateSigningKey, toJwks } from '@sekisho/tokens';
import { createExchange, type ExchangeRequest } from '../exchange/exchange.ts';
import { type Workload, workloadName } from '../exchange/workload.ts';
import { createWorkloadProof } from '../exchange/workload-proof.ts';
import { refuseRevoked } from '../revocations/refuse-revoked.ts';
import { FakeCluster } from './cluster.ts';
import { alice, createFixture, ISSUER, jwks } from './fixture.ts';
import { memoryAccounts } from './memory-accounts.ts';

export const BUCKET = 'system:serviceaccount:shop:bucket';
export const bucket: Workload = {
  namespace: 'shop',
  serviceAccount: 'bucket',
  service: 'bucket',
  grants: [
    { service: 'user', own: ['user:read'], delegated: { permissions: ['user:read'], roles: ['member'] } },
    { service: 'notification', own: [] },
    { service: 'auth', own: ['users:write'], delegated: { permissions: ['users:write'], roles: ['member'] } },
  ],
  version: 1,
};

/** The guard's: it narrows what users bring, and can do nothing else. */
export const guardKey = await generateSigningKey();
const guardJwks = toJwks([guardKey]);

/** A user who is logged in, workloads of a cluster, and the exchange between them. */
export async function createExchangeFixture(workloads: readonly Workload[] = [bucket]) {
  const accounts = memoryAccounts({
    ...alice,
    roles: ['member', 'admin'],
    grants: [
      { service: 'bucket', permissions: ['bucket:read'] },
      { service: 'user', permissions: ['user:read', 'user:delete'] },
    ],
  });
  const fixture = createFixture({ accounts });
  const { clock, sessions, minter, login } = fixture;
  const cluster = new FakeCluster(clock);
  const revoked = new Set<string>();
  const check = ({ jti = '', origin_jti = '' }: RevocableClaims) =>
    revoked.has(jti) || revoked.has(origin_jti) ? ({ kind: 'token' } as const) : undefined;
  const verify = createVerifier({
    issuer: ISSUER,
    audience: ANY_AUDIENCE,
    jwks: () => jwks,
    narrowJwks: () => guardJwks,
    clock,
  });
  /** Seconds to wait, and who was counted. */
  const limited = { address: 0, workload: 0, counted: [] as string[] };
  const limit = (kind: 'address' | 'workload') => (name: string) => {
    limited.counted.push(name);
    return limited[kind];
  };
  const createdExchange = createExchange({
    limits: { address: limit('address'), workload: limit('workload') },
    proveWorkload: createWorkloadProof({ clusterKeys: cluster.keys(), clock }),
    workloads: {
      find: async (id) => workloads.find((workload) => workloadName(workload) === workloadName(id)),
    },
    minter,
    verify: refuseRevoked({ verify, revocations: { check }, assertKnown: () => undefined }),
    sessions: { get: async (_, id) => sessions.live.get(id) },
    accounts,
    clock,
  });
  const exchange = (request: Omit<ExchangeRequest, 'ip'>) => createdExchange({ ip: '192.0.2.7', ...request });
  const credentials = { email: alice.email, password: 'correct horse', device: {}, ip: '192.0.2.1' };
  const access = await login(credentials);
  const accessClaims = await fixture.verifyFor('bucket')(access.token);
  const guard = createMinter({ issuer: ISSUER, key: () => guardKey, clock, uuid: randomUUID });
  const narrow = await guard.narrow(accessClaims, 'bucket');
  return { ...fixture, accounts, cluster, revoked, limited, exchange, access, accessClaims, narrow };
}
