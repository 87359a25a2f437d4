import { crds } from '@sekisho/policy';
import { AuthServer } from './auth-server.ts';
import { DefinitionGuard } from './definition-guard.ts';
import { GUARD_SERVICE_ACCOUNT } from './guard-server.ts';
import { addGuardedEdge, type GuardedEdge } from './guarded-edge.ts';
import { type Manifest, render, type Target } from './kubernetes.ts';
import { type GatewayRef, PublicGateway } from './public-gateway.ts';
import { SekishoOperator } from './sekisho-operator.ts';
import { TokenIssuer } from './token-issuer.ts';
import { addNamespace, serviceHost, type WorkloadFacts } from './workload.ts';

export const PLATFORM_NAMESPACE = 'sekisho-system';
export const PLATFORM_ISSUER = 'platform';

export interface PlatformOptions {
  readonly target: Target;
  /** The `iss` of the platform's tokens, for example `https://auth.example.org`. */
  readonly issuer: string;
  /** Where its keys are. @default the auth service, by its name inside the cluster */
  readonly jwksUri?: string;
  /** Namespaces whose routes the public gateway takes. @default ['shop'] */
  readonly routesFrom?: readonly string[];
  /** Port that the gateway's proxy binds on the `local` target. @default 8080 */
  readonly gatewayTargetPort?: number;
  /** A second gateway, `edge`, that asks the guard about every request; the guard itself with it. @default neither */
  readonly edge?: { readonly targetPort?: number };
  /** @default sekisho/<part>:0.1.0 */
  readonly images?: { readonly operator: string; readonly auth: string; readonly guard: string };
  /** Base URL of the operator's webhook where the operator runs outside the cluster. @default by its Service */
  readonly webhookUrl?: string;
  /** First administrator of the auth service. @default none is made */
  readonly bootstrapAdminEmail?: string;
}

export interface Platform {
  readonly manifests: readonly Manifest[];
  readonly operator: WorkloadFacts;
  readonly auth: WorkloadFacts;
  readonly gateway: GatewayRef & { readonly workload: WorkloadFacts };
  /** Where it was asked for. */
  readonly edge?: GuardedEdge;
}

const IMAGES = { operator: 'sekisho/operator:0.1.0', auth: 'sekisho/auth:0.1.0', guard: 'sekisho/guard:0.1.0' };

/**
 * What every service shares: operator, auth service, token issuer and public gateway. The CRDs are applied before it.
 * @throws ManifestError `issuer_invalid`
 */
export function renderPlatform(options: PlatformOptions): Platform {
  const { target, issuer, images = IMAGES, routesFrom = ['shop'] } = options;
  const local = target === 'local';
  const namespace = PLATFORM_NAMESPACE;
  return render((chart) => {
    // Nothing is injected here, so nothing stands in the way of the strictest standard.
    addNamespace(chart, namespace, { 'pod-security.kubernetes.io/enforce': 'restricted' });
    const definitions = crds().map(({ metadata }) => metadata.name);
    new DefinitionGuard(chart, 'definitions', { name: 'sekisho-definitions', definitions });
    const deployOperator = { image: images.operator };
    const operator = new SekishoOperator(chart, 'operator', {
      namespace,
      deployment: local ? false : deployOperator,
      webhookUrl: options.webhookUrl,
    });
    const { bootstrapAdminEmail } = options;
    const deployAuth = { image: images.auth, ...(bootstrapAdminEmail !== undefined && { bootstrapAdminEmail }) };
    const auth = new AuthServer(chart, 'auth', {
      namespace,
      issuer,
      tokenIssuer: PLATFORM_ISSUER,
      ...(options.edge && { guard: { namespace, serviceAccount: GUARD_SERVICE_ACCOUNT } }),
      deployment: local ? false : deployAuth,
    });
    const jwksUri = options.jwksUri ?? `http://${serviceHost(auth.workload)}/.well-known/jwks.json`;
    new TokenIssuer(chart, 'issuer', { name: PLATFORM_ISSUER, spec: { issuer, jwksUri, default: true } });
    const gateway = new PublicGateway(chart, 'gateway', {
      routesFrom,
      proxy: local ? 'manual' : 'automatic',
      targetPort: options.gatewayTargetPort ?? 8080,
    });
    const edge =
      options.edge &&
      addGuardedEdge(chart, {
        ...options.edge,
        ...{ namespace, target, routesFrom, issuer, auth: auth.workload, image: images.guard },
      });
    return {
      operator: operator.workload,
      auth: auth.workload,
      gateway: { ...gateway.ref, workload: gateway.workload },
      ...(edge && { edge }),
    };
  });
}
