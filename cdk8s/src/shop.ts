import type { ServiceAuthPolicySpec } from '@sekisho/policy';
import type { Chart } from 'cdk8s';
import { type AuthenticatedDeployment, AuthenticatedService } from './authenticated-service.ts';
import { type Manifest, render, type Target } from './kubernetes.ts';
import { PLATFORM_ISSUER, PLATFORM_NAMESPACE } from './platform.ts';
import { type GatewayRef, PublicRoute } from './public-gateway.ts';
import { bucketPolicy, filePolicy, notificationPolicy, userPolicy, webPolicy } from './shop-policies.ts';
import { StaticPolicies } from './static/static-policies.ts';
import { REQUIRED_OF_PLATFORM, TokenIssuer } from './token-issuer.ts';
import { addNamespace, type WorkloadFacts } from './workload.ts';

export const SHOP_NAMESPACE = 'shop';
/** What a workload's token must be made for, to be exchanged at the auth service. */
const WORKLOAD_AUDIENCE = 'sekisho';

export interface ShopOptions {
  readonly target: Target;
  /** @default the gateway `public` of the namespace `istio-ingress` */
  readonly gateway?: GatewayRef | undefined;
  /** A second gateway that the services are reached through, such as one that asks the guard. @default none */
  readonly edge?: GatewayRef;
  /** TokenIssuers whose tokens count. @default ['platform'] */
  readonly issuers?: readonly string[];
  /** A page for browsers, at a gateway that leads to the auth service, too. @default none */
  readonly web?: { readonly gateway: GatewayRef /** As browsers reach it. */; readonly issuer: string };
  /** Policies as Istio objects, for a cluster without the operator. @default the operator makes them */
  readonly static?: StaticShop;
  /** @default sekisho/sample-<name>:0.1.0 */
  readonly images?: Readonly<Partial<Record<ServiceName | 'web', string>>>;
}

/** What the operator would ask the auth service for. */
export interface StaticShop {
  /** The `iss` of its tokens. */
  readonly issuer: string;
  /** Its key set, decoded. */
  readonly jwks: unknown;
}

type ServiceName = (typeof SERVICES)[number]['name'];

export interface Shop extends Readonly<Record<ServiceName, WorkloadFacts>> {
  readonly manifests: readonly Manifest[];
  /** Where it was asked for. */
  readonly web?: WorkloadFacts;
}

interface Service {
  readonly name: string;
  readonly policy: Omit<ServiceAuthPolicySpec, 'selector' | 'targetRefs'>;
  /** What the gateway sends it, by prefix. */
  readonly prefixes: readonly string[];
  /** Single paths beside them. @default none */
  readonly paths?: readonly string[];
  readonly deployment?: Omit<AuthenticatedDeployment, 'image'>;
}

const TOKEN_FOLDER = '/var/run/secrets/sekisho';
const DATA_FOLDER = '/var/lib/file';

const SERVICES = [
  {
    name: 'bucket',
    policy: bucketPolicy,
    prefixes: ['/api/bucket-items', '/api/whoami'],
    deployment: {
      env: [
        { name: 'AUTH_URL', value: `http://auth.${PLATFORM_NAMESPACE}` },
        { name: 'WORKLOAD_TOKEN_FILE', value: `${TOKEN_FOLDER}/token` },
        { name: 'USER_SERVICE_URL', value: 'http://user.shop' },
        { name: 'NOTIFICATION_SERVICE_URL', value: 'http://notification.shop' },
      ],
      tokenFile: { mountPath: TOKEN_FOLDER, file: 'token', audience: WORKLOAD_AUDIENCE, expirationSeconds: 3_600 },
    },
  },
  { name: 'user', policy: userPolicy, prefixes: ['/api/users'] },
  { name: 'notification', policy: notificationPolicy, prefixes: ['/api/notifications'] },
  {
    name: 'file',
    policy: filePolicy,
    prefixes: ['/api/files'],
    deployment: {
      env: [{ name: 'DATA_FOLDER', value: DATA_FOLDER }],
      dataFolder: { mountPath: DATA_FOLDER, sizeLimit: '1Gi' },
    },
  },
] as const satisfies readonly Service[];

const GATEWAY: GatewayRef = { name: 'public', namespace: 'istio-ingress' };
const LISTEN = { name: 'LISTEN', value: '0.0.0.0:8080' };

/**
 * The sample services with their policies and routes.
 * @throws ManifestError `static_invalid` where the key set of a static one is none
 */
export function renderShop(options: ShopOptions): Shop {
  return render((chart) => {
    if (options.static) compilePolicies(chart, options.static);
    addNamespace(chart, SHOP_NAMESPACE, { 'istio-injection': 'enabled' });
    const [bucket, user, notification, file] = SERVICES;
    return {
      bucket: addShopService(chart, bucket, options),
      user: addShopService(chart, user, options),
      notification: addShopService(chart, notification, options),
      file: addShopService(chart, file, options),
      ...(options.web && { web: addWeb(chart, options, options.web) }),
    };
  });
}

function compilePolicies(chart: Chart, { issuer, jwks }: StaticShop): void {
  const requiredClaims = REQUIRED_OF_PLATFORM;
  const spec = { issuer, jwksUri: `${issuer}/.well-known/jwks.json`, requiredClaims, default: true };
  new TokenIssuer(chart, 'issuer', { name: PLATFORM_ISSUER, spec });
  new StaticPolicies(chart, 'static-policies', { jwks: { [PLATFORM_ISSUER]: jwks } });
}

function addWeb(chart: Chart, options: ShopOptions, { gateway, issuer }: NonNullable<ShopOptions['web']>) {
  const deployment = { env: [{ name: 'ISSUER', value: issuer }] };
  const service = { name: 'web', policy: webPolicy, prefixes: ['/web'], paths: ['/'], deployment } as const;
  const { edge: _, ...there } = { ...options, gateway };
  return addShopService(chart, service, there);
}

type NamedService = Service & { readonly name: ServiceName | 'web' };

function addShopService(chart: Chart, service: NamedService, options: ShopOptions): WorkloadFacts {
  const { target, gateway = GATEWAY, edge, images } = options;
  const { name, policy, prefixes, paths = [], deployment } = service;
  const image = images?.[name] ?? `sekisho/sample-${name}:0.1.0`;
  const env = [LISTEN, ...(deployment?.env ?? [])];
  const { workload } = new AuthenticatedService(chart, name, {
    name,
    namespace: SHOP_NAMESPACE,
    policy: { ...policy, issuers: [...(options.issuers ?? [PLATFORM_ISSUER])] },
    deployment: target === 'local' ? false : { ...deployment, image, env },
  });
  const gateways = edge === undefined ? [gateway] : [gateway, edge];
  new PublicRoute(chart, `${name}-route`, { gateways, workload, prefixes, paths });
  return workload;
}
