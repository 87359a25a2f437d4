import type { Images } from './images.ts';
import { ADMIN_EMAIL } from './secrets.ts';

export interface ChartOptions {
  /** The `iss` of the platform's tokens: the guarded gateway, as this machine reaches it. */
  readonly issuer: string;
  readonly images: Images;
}

/** Nothing assigns addresses to LoadBalancers on a plain kind cluster, and a Gateway waits for one. */
const INSIDE = { annotations: { 'networking.istio.io/service-type': 'ClusterIP' }, routesFrom: ['shop'] };

/** So that a node with two cores has room for a pod more of each, as when they are replaced. */
const SMALL = { resources: { requests: { cpu: '20m' } } };
const STORE = { ...SMALL, enabled: true, volume: { enabled: false } };

/** As on the local mesh (mesh/services.ts): what takes minutes by default takes seconds for a test that waits for it. */
const OPERATOR_ENV = {
  ENFORCEMENT_SETTLE_SECONDS: '2',
  JWKS_REFRESH_SECONDS: '5',
  LEASE_DURATION_SECONDS: '5',
  WEBHOOK_CHECK_SECONDS: '1',
};
const AUTH_ENV = { KEY_POLL_SECONDS: '1' };
const GUARD_ENV = { SESSION_CACHE_SECONDS: '2', REVOCATION_MAX_STALENESS_SECONDS: '5' };

/** Values of charts/sekisho for a small cluster: one replica of each part, and stores without volumes. */
export function chartValues({ issuer, images }: ChartOptions): object {
  const { operator, auth, guard } = images.platform;
  const { redis, postgresql } = images.stores;
  return {
    issuer,
    operator: { ...SMALL, image: parts(operator), replicas: 1, extraEnv: environment(OPERATOR_ENV) },
    auth: {
      ...{ ...SMALL, image: parts(auth), replicas: 1, extraEnv: environment(AUTH_ENV) },
      bootstrapAdminEmail: ADMIN_EMAIL,
    },
    guard: { ...SMALL, image: parts(guard), replicas: 1, loginPath: '/login', extraEnv: environment(GUARD_ENV) },
    edgeGateway: INSIDE,
    publicGateway: { create: true, ...INSIDE },
    redis: {
      ...STORE,
      ...(redis.image && { image: parts(redis.image) }),
      ...(redis.program && { program: redis.program }),
    },
    postgresql: { ...STORE, ...(postgresql && { image: parts(postgresql) }) },
  };
}

function environment(variables: Readonly<Record<string, string>>): readonly object[] {
  return Object.entries(variables).map(([name, value]) => ({ name, value }));
}

/** `HOST/PATH:TAG`; a colon before the last slash is that of the host's port. */
function parts(image: string): { readonly repository: string; readonly tag: string } {
  const [, repository = image, tag = 'latest'] = /^(.*?)(?::([^:/]+))?$/.exec(image) ?? [];
  return { repository, tag };
}
