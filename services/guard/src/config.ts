import { type ApiServerPlace, apiServerPlace, KubeEnvironment } from '@sekisho/kube';
import { IDENTITY_HEADER } from '@sekisho/policy';
import {
  DEVICE_POLICIES,
  type DevicePolicy,
  type RegionSettings,
  regionEnvironment,
  regionSettings,
} from '@sekisho/sessions';
import { REDIS_URL_PATTERN } from '@sekisho/sessions/redis';
import {
  ConfigError,
  type ListenAddress,
  ListenSchema,
  type LogLevel,
  LogLevelSchema,
  parseListen,
  readConfig,
} from '@sekisho/telemetry';
import { Type } from 'typebox';
import { SERVER_NAME_HEADER } from './http/request.ts';

/** RFC 1123, as namespaces and Services are named. */
const LABEL = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';

/** The environment of the process. Secrets come from files, so that they are not in its environment. */
const Environment = Type.Object({
  GUARD_LISTEN: ListenSchema("where Envoy's questions are answered"),
  GUARD_OPS_LISTEN: ListenSchema('where health and metrics are served'),
  AUTH_ISSUER: Type.String({
    pattern: '^https?://[^\\s?#]+$',
    maxLength: 512,
    description: "the iss of the platform's tokens, as the auth service has it",
  }),
  AUTH_URL: Type.String({
    pattern: '^https?://[^\\s?#]+$',
    maxLength: 512,
    description: 'where the auth service tells the keys of the guard, for example http://auth.sekisho-system',
  }),
  WORKLOAD_TOKEN_FILE: Type.String({
    minLength: 1,
    default: '/var/run/secrets/sekisho/workload/token',
    description: 'the projected ServiceAccount token with the audience sekisho, which the kubelet renews',
  }),
  KEY_ENCRYPTION_KEY_FILE: Type.String({
    minLength: 1,
    description:
      'file with 32 random bytes in base64, shared by the replicas of the guard alone; below it, earlier ones',
  }),
  AUTH_SERVICE: Type.Optional(
    Type.String({
      pattern: `^${LABEL}/${LABEL}$`,
      description: 'NAMESPACE/NAME of the Service of the auth service, where a Gateway leads to it too',
    }),
  ),
  TRUST_DOMAIN: Type.String({
    pattern: '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$',
    default: 'cluster.local',
    description: 'trustDomain of the mesh config',
  }),
  REDIS_URL: Type.String({
    pattern: REDIS_URL_PATTERN,
    description: 'redis://HOST:PORT, redis+sentinel://HOST,HOST/PRIMARY or redis+cluster://HOST,HOST; rediss for TLS',
  }),
  ...regionEnvironment({
    regions: 'as the auth service has it',
    behind: 'whenUnavailable of the policy decides',
  }),
  REVOCATION_MAX_STALENESS_SECONDS: Type.Integer({
    default: 60,
    minimum: 2,
    maximum: 3_600,
    description: '2 to 3600: without news of revocations for longer, whenUnavailable of the policy decides',
  }),
  SESSION_CACHE_SECONDS: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 300,
    description: '1 to 300: how long a session counts as alive without being read again',
  }),
  ACCESS_TOKEN_TTL_SECONDS: Type.Integer({
    default: 900,
    minimum: 60,
    maximum: 86_400,
    description: '60 to 86400, as the auth service has it: so long a session that is ended here stays refused',
  }),
  DEVICE_CHANGE: Type.Union(
    DEVICE_POLICIES.map((policy) => Type.Literal(policy)),
    { default: 'log', description: `what a request from a changed browser leads to: ${DEVICE_POLICIES.join(', ')}` },
  ),
  ROUTE_HEADERS: Type.String({
    default: '',
    pattern: '^[\\w, -]{0,1024}$',
    description: 'headers by which HTTPRoutes choose, separated by commas, as far as Envoy sends them along',
  }),
  GUARD_LOGIN_PATH: Type.Optional(
    Type.String({
      pattern: '^/([\\w.~-][\\w./~-]{0,254})?$',
      description: 'path of the log-in page, for example /login: who opens a page without a session is led there',
    }),
  ),
  ...KubeEnvironment,
  LOG_LEVEL: LogLevelSchema,
});

export interface Config extends ApiServerPlace {
  readonly listen: ListenAddress;
  readonly opsListen: ListenAddress;
  readonly issuer: string;
  readonly authUrl: string;
  /** `namespace/name`. */
  readonly authService: string | undefined;
  readonly workloadTokenFile: string;
  readonly encryptionKeyFile: string;
  readonly trustDomain: string;
  readonly redisUrl: string;
  /** Where there are several regions: `redisUrl` is this one's own store. */
  readonly regions: RegionSettings | undefined;
  readonly maxStalenessMs: number;
  readonly sessionFreshMs: number;
  readonly tokenLifetime: number;
  readonly deviceChange: DevicePolicy;
  readonly routeHeaders: readonly string[];
  /** Undefined where nobody is led to a log-in page. */
  readonly loginPath: string | undefined;
  readonly logLevel: LogLevel;
}

/** @throws ConfigError naming every variable that is missing or wrong */
export function configFrom(env: Readonly<Record<string, string | undefined>>): Config {
  const config = readConfig(Environment, env);
  return {
    listen: parseListen('GUARD_LISTEN', config.GUARD_LISTEN),
    opsListen: parseListen('GUARD_OPS_LISTEN', config.GUARD_OPS_LISTEN),
    issuer: config.AUTH_ISSUER,
    authUrl: config.AUTH_URL,
    authService: config.AUTH_SERVICE,
    workloadTokenFile: config.WORKLOAD_TOKEN_FILE,
    encryptionKeyFile: config.KEY_ENCRYPTION_KEY_FILE,
    trustDomain: config.TRUST_DOMAIN,
    redisUrl: config.REDIS_URL,
    regions: regionSettings(config),
    maxStalenessMs: config.REVOCATION_MAX_STALENESS_SECONDS * 1000,
    sessionFreshMs: config.SESSION_CACHE_SECONDS * 1000,
    tokenLifetime: config.ACCESS_TOKEN_TTL_SECONDS,
    deviceChange: config.DEVICE_CHANGE,
    routeHeaders: routeHeadersOf(config.ROUTE_HEADERS),
    loginPath: config.GUARD_LOGIN_PATH,
    ...apiServerPlace(config),
    logLevel: config.LOG_LEVEL,
  };
}

/** Of these the proxy's own values replace what came, and a proxy may choose its route again by them: what came tells nothing. */
const REPLACED: readonly string[] = ['authorization', 'cookie', SERVER_NAME_HEADER, ...Object.values(IDENTITY_HEADER)];

function routeHeadersOf(list: string): readonly string[] {
  const names = list
    .toLowerCase()
    .split(',')
    .flatMap((name) => name.trim() || []);
  const replaced = names.find((name) => REPLACED.includes(name));
  if (replaced === undefined) return names;
  const text = `must not name ${replaced}: the service gets another value than the one that a route would be chosen by`;
  throw new ConfigError([{ variable: 'ROUTE_HEADERS', text }]);
}
