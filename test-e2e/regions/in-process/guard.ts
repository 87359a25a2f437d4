import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { createService, edgePolicy, gateway, issuer, policy, route, service } from '@sekisho/guard/testing';
import { systemClock } from '@sekisho/kube';
import type { RegionSettings } from '@sekisho/sessions';
import { createLogger, createMetrics } from '@sekisho/telemetry';
import { generateSigningKey, type Jwks } from '@sekisho/tokens';
import { stillCluster } from './still-cluster.ts';

export interface GuardOptions {
  readonly redisUrl: string;
  readonly regions: RegionSettings;
  /** Public keys of the auth services. */
  readonly jwks: Jwks;
}

/** An edge before two services: `bucket` is closed when something is unavailable, `lenient` open. */
export interface RegionalGuard {
  /** @returns status and code */
  ask(token: string, service?: 'bucket' | 'lenient'): Promise<Asked>;
  metrics(): Promise<string>;
  /** Whether it would be sent requests. */
  isReady(): Promise<boolean>;
  close(): Promise<void>;
}

export interface Asked {
  readonly told: string;
  readonly retryAfter: string | undefined;
}

export const ISSUER = 'https://auth.test';

export async function startGuard({ redisUrl, regions, jwks }: GuardOptions): Promise<RegionalGuard> {
  const signingKey = await generateSigningKey();
  const metrics = createMetrics({ undeclared: 'throw', processMetrics: false });
  const guard = createService({
    ...{ issuer: ISSUER, trustDomain: 'cluster.local', redisUrl, regions },
    ...{ tokenLifetime: 900, sessionFreshMs: 1_000, maxStalenessMs: 60_000 },
    keys: {
      ...{ jwks, accessJwks: jwks, narrowJwks: { keys: [] }, signingKey: () => signingKey },
      ...{ ready: true, ageMs: 0, refresh: async () => undefined },
    },
    ...{ transport: stillCluster(cluster(jwks)), timers: systemClock, random: Math.random, uuid: randomUUID },
    ...{ deviceChange: 'log', routeHeaders: [], exchangeCookie: async () => undefined, loginPath: undefined },
    metrics,
    log: createLogger({ name: 'guard', level: 'silent' }),
  });
  const { port } = await guard.listen({ host: '127.0.0.1', port: 0 });
  return {
    ask: (token, name = 'bucket') => ask(port, token, `${name}.example`),
    metrics: () => metrics.render(),
    async isReady() {
      const checks = Object.values(guard.checks).map((check) => check(AbortSignal.timeout(1_000)));
      return (await Promise.allSettled(checks)).every(({ status }) => status === 'fulfilled');
    },
    close: () => guard.close(),
  };
}

function cluster(jwks: Jwks) {
  const backend = (name: string) => [{ backendRefs: [{ name, port: 80 }] }];
  const namespaceOf = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const lenient = policy('lenient', { revocation: { whenUnavailable: 'Allow' } });
  return [
    ...['shop', 'istio-ingress'].map(namespaceOf),
    ...[gateway(), service('bucket'), service('lenient'), edgePolicy(), policy('bucket'), lenient],
    route({ hostnames: ['bucket.example'], rules: backend('bucket') }),
    route({ hostnames: ['lenient.example'], rules: backend('lenient') }, { name: 'lenient' }),
    issuer('platform', { issuer: ISSUER, jwks, default: true }),
  ];
}

async function ask(port: number, token: string, host: string): Promise<Asked> {
  const headers = { host, authorization: `Bearer ${token}` };
  const sent = request({ port, host: '127.0.0.1', path: '/edge/api/items', headers });
  sent.end();
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  const code = text === '' ? '' : ` ${JSON.parse(text).code}`;
  return { told: `${response.statusCode}${code}`, retryAfter: response.headers['retry-after'] };
}
