import { AuthenticatedService } from './authenticated-service.ts';
import { type Manifest, render, type Target } from './kubernetes.ts';
import { PLATFORM_ISSUER } from './platform.ts';
import { type GatewayRef, PublicRoute } from './public-gateway.ts';
import { bucketPolicy, userPolicy } from './shop-policies.ts';
import { addNamespace, type WorkloadFacts } from './workload.ts';

export const SHOP_NAMESPACE = 'shop';

export interface ShopOptions {
  readonly target: Target;
  /** @default the gateway `public` of the namespace `istio-ingress` */
  readonly gateway?: GatewayRef;
  /** A second gateway that the services are reached through, such as one that asks the guard. @default none */
  readonly edge?: GatewayRef;
  /** TokenIssuers whose tokens count. @default ['platform'] */
  readonly issuers?: readonly string[];
  /** @default sekisho/sample-bucket:0.1.0 and sekisho/sample-user:0.1.0 */
  readonly images?: { readonly bucket: string; readonly user: string };
}

export interface Shop {
  readonly manifests: readonly Manifest[];
  readonly bucket: WorkloadFacts;
  readonly user: WorkloadFacts;
}

const GATEWAY: GatewayRef = { name: 'public', namespace: 'istio-ingress' };
const IMAGES = { bucket: 'sekisho/sample-bucket:0.1.0', user: 'sekisho/sample-user:0.1.0' };
const LISTEN = { name: 'LISTEN', value: '0.0.0.0:8080' };

/** The sample services with their policies and routes. */
export function renderShop(options: ShopOptions): Shop {
  const { target, gateway = GATEWAY, images = IMAGES } = options;
  const namespace = SHOP_NAMESPACE;
  const issuers = [...(options.issuers ?? [PLATFORM_ISSUER])];
  const deploy = (image: string, env: { name: string; value: string }[]) =>
    target === 'local' ? (false as const) : { image, env };
  return render((chart) => {
    addNamespace(chart, namespace, { 'istio-injection': 'enabled' });
    const bucket = new AuthenticatedService(chart, 'bucket', {
      name: 'bucket',
      namespace,
      policy: { ...bucketPolicy, issuers },
      deployment: deploy(images.bucket, [LISTEN, { name: 'USER_SERVICE_URL', value: 'http://user.shop' }]),
    });
    const user = new AuthenticatedService(chart, 'user', {
      name: 'user',
      namespace,
      policy: { ...userPolicy, issuers },
      deployment: deploy(images.user, [LISTEN]),
    });
    const items = ['/api/bucket-items', '/api/whoami'];
    const gateways = [gateway, ...(options.edge === undefined ? [] : [options.edge])];
    new PublicRoute(chart, 'bucket-route', { gateways, workload: bucket.workload, prefixes: items });
    new PublicRoute(chart, 'user-route', { gateways, workload: user.workload, prefixes: ['/api/users'] });
    return { bucket: bucket.workload, user: user.workload };
  });
}
