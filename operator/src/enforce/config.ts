import { ConfigError } from '@sekisho/telemetry';
import { type Static, Type } from 'typebox';

export const EnforceEnvironment = {
  ENFORCEMENT_CHECK: Type.Boolean({
    default: true,
    description: 'true or false: whether istiod is asked which proxies have the generated objects',
  }),
  ISTIOD_URLS: Type.Optional(
    Type.String({
      maxLength: 4_096,
      description:
        'base URLs of the monitoring ports of all replicas of istiod, by commas, where no EndpointSlice lists them',
    }),
  ),
  ISTIOD_NAMESPACE: Type.String({
    pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
    default: 'istio-system',
    description: 'namespace of the EndpointSlices of istiod, unless ISTIOD_URLS is set',
  }),
  ISTIOD_SELECTOR: Type.String({
    pattern: '^[A-Za-z0-9]([-A-Za-z0-9_./=,]{0,253}[A-Za-z0-9])?$',
    default: 'app=istiod',
    description: 'label selector of these EndpointSlices, which carry the labels of their Service',
  }),
  ISTIOD_TOKEN_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'file with a ServiceAccount token of audience istio-ca, read at every look; istiod asks for none on loopback',
    }),
  ),
  ENFORCEMENT_SETTLE_SECONDS: Type.Integer({
    minimum: 1,
    maximum: 300,
    default: 12,
    description: 'longer than PILOT_DEBOUNCE_MAX of istiod, which is 10 seconds by default, 1 to 300 seconds',
  }),
};

/** Where the replicas of istiod are found. */
export type IstiodPlace =
  | { readonly urls: readonly string[] }
  | { readonly namespace: string; readonly labelSelector: string };

export interface EnforceConfig {
  readonly istiod: IstiodPlace;
  readonly tokenFile: string | undefined;
  readonly settleMs: number;
}

const schema = Type.Object(EnforceEnvironment);

/** @throws ConfigError for a URL that is none */
export function enforceConfigFrom(read: Static<typeof schema>): EnforceConfig | undefined {
  if (!read.ENFORCEMENT_CHECK) return undefined;
  const istiod =
    read.ISTIOD_URLS === undefined
      ? { namespace: read.ISTIOD_NAMESPACE, labelSelector: read.ISTIOD_SELECTOR }
      : { urls: read.ISTIOD_URLS.split(',').map(baseUrl) };
  return { istiod, tokenFile: read.ISTIOD_TOKEN_FILE, settleMs: read.ENFORCEMENT_SETTLE_SECONDS * 1000 };
}

function baseUrl(text: string): string {
  const url = URL.parse(text.trim());
  // The origin alone, for a path or credentials there would go unused without a word.
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  throw new ConfigError([
    { variable: 'ISTIOD_URLS', text: 'names what is no base URL such as http://127.0.0.1:15014' },
  ]);
}
