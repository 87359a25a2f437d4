import { crds } from '@sekisho/policy';
import { Construct } from 'constructs';
import { AuthServer, authWorkload } from './auth-server.ts';
import { DefinitionGuard } from './definition-guard.ts';
import { checkGateways } from './gateway-checks.ts';
import { GUARD_SERVICE_ACCOUNT, guardWorkload } from './guard-server.ts';
import { addGuardedEdge, type GuardedEdge } from './guarded-edge.ts';
import { addDefaultDeny } from './network/network-policy.ts';
import { firstPortOf } from './network/peers.ts';
import type { SekishoPlatformProps } from './platform-props.ts';
import { type GatewayWithWorkload, PublicGateway } from './public-gateway.ts';
import { checkRegion } from './region.ts';
import { SekishoOperator } from './sekisho-operator.ts';
import { PostgresqlServer, postgresqlWorkload } from './stores/postgresql-server.ts';
import { RedisServer, redisWorkload } from './stores/redis-server.ts';
import { REQUIRED_OF_PLATFORM, TokenIssuer } from './token-issuer.ts';
import { addNamespace, serviceHost, type WorkloadFacts } from './workload.ts';

export const PLATFORM_NAMESPACE = 'sekisho-system';
export const PLATFORM_ISSUER = 'platform';

const IMAGES = { operator: 'sekisho/operator:0.1.0', auth: 'sekisho/auth:0.1.0', guard: 'sekisho/guard:0.1.0' };

/**
 * What every service shares: operator, auth service, token issuer and gateways; a guard and stores where they are asked for. By default
 * it outlives the loss of a node, if Redis and PostgreSQL do. The CustomResourceDefinitions are applied before it.
 */
export class SekishoPlatform extends Construct {
  readonly operator: WorkloadFacts;
  readonly auth: WorkloadFacts;
  readonly gateway: GatewayWithWorkload | undefined;
  readonly edge: GuardedEdge | undefined;
  /** Whether it is one of several regions. */
  readonly regional: boolean;
  readonly #props: SekishoPlatformProps;
  readonly #namespace: string;

  /** @throws ManifestError `issuer_invalid`, or `platform_invalid` where properties contradict each other */
  constructor(scope: Construct, id: string, props: SekishoPlatformProps) {
    super(scope, id);
    this.#props = props;
    this.#namespace = props.namespace ?? PLATFORM_NAMESPACE;
    checkGateways(props, this.#namespace);
    checkRegion(props.region);
    this.regional = props.region !== undefined;
    this.#addGround();
    this.operator = this.#addOperator();
    this.auth = this.#addAuth();
    this.#addIssuer();
    this.gateway = this.#addGateway();
    this.edge = this.#addEdge();
    if (!this.#isLocal) this.#addStores();
  }

  get #isLocal(): boolean {
    return this.#props.target === 'local';
  }

  get #images(): NonNullable<SekishoPlatformProps['images']> {
    return this.#props.images ?? IMAGES;
  }

  /** Stores of the platform's own are reached, and no others. */
  get #network(): SekishoPlatformProps['network'] {
    const { network, redis, postgresql } = this.#props;
    if (network === false) return false;
    return {
      ...network,
      ...(redis && { redis: firstPortOf(redisWorkload(this.#namespace)) }),
      ...(postgresql && { postgresql: firstPortOf(postgresqlWorkload(this.#namespace)) }),
    };
  }

  #addGround(): void {
    // Nothing is injected here, so nothing stands in the way of the strictest standard.
    addNamespace(this, this.#namespace, { 'pod-security.kubernetes.io/enforce': 'restricted' });
    if (!this.#isLocal && this.#props.network !== false) addDefaultDeny(this, this.#namespace);
    const definitions = crds().map(({ metadata }) => metadata.name);
    new DefinitionGuard(this, 'definitions', { name: 'sekisho-definitions', definitions });
  }

  #addOperator(): WorkloadFacts {
    const { operator, webhookUrl, mesh } = this.#props;
    return new SekishoOperator(this, 'operator', {
      ...mesh,
      namespace: this.#namespace,
      deployment: this.#isLocal ? false : { ...operator, image: this.#images.operator },
      webhookUrl,
      auth: authWorkload(this.#namespace),
      network: this.#network,
      traces: this.#props.traces,
    }).workload;
  }

  #addAuth(): WorkloadFacts {
    const { issuer, edge, auth, bootstrapAdminEmail } = this.#props;
    const namespace = this.#namespace;
    return new AuthServer(this, 'auth', {
      ...{ namespace, issuer, tokenIssuer: PLATFORM_ISSUER },
      ...(edge && { guard: { namespace, serviceAccount: GUARD_SERVICE_ACCOUNT } }),
      deployment: this.#isLocal ? false : { ...auth, bootstrapAdminEmail, image: this.#images.auth },
      network: this.#network,
      region: this.#props.region,
      traces: this.#props.traces,
    }).workload;
  }

  #addIssuer(): void {
    const { issuer, jwksUri = `http://${serviceHost(this.auth)}/.well-known/jwks.json`, requireClientId } = this.#props;
    const required = requireClientId === false ? {} : { requiredClaims: REQUIRED_OF_PLATFORM };
    new TokenIssuer(this, 'issuer', { name: PLATFORM_ISSUER, spec: { issuer, jwksUri, ...required, default: true } });
  }

  #addGateway(): GatewayWithWorkload | undefined {
    const { gateway = true, routesFrom = ['shop'], gatewayTargetPort, gatewayServiceType } = this.#props;
    if (!gateway) return undefined;
    const { ref, workload } = new PublicGateway(this, 'gateway', {
      routesFrom,
      proxy: this.#isLocal ? 'manual' : 'automatic',
      targetPort: gatewayTargetPort,
      serviceType: gatewayServiceType,
    });
    return { ...ref, workload };
  }

  #addEdge(): GuardedEdge | undefined {
    const { edge, issuer, routesFrom = ['shop'], guard, mesh, gatewayServiceType: serviceType } = this.#props;
    if (edge === undefined) return undefined;
    const { trustDomain, istiodNamespace } = mesh ?? {};
    return addGuardedEdge(this, {
      ...edge,
      ...{ namespace: this.#namespace, issuer, routesFrom, serviceType, auth: this.auth },
      deployment: this.#isLocal ? false : { ...guard, trustDomain, istiodNamespace, image: this.#images.guard },
      network: this.#network,
      region: this.#props.region,
      traces: this.#props.traces,
    });
  }

  #addStores(): void {
    const { redis, postgresql, edge, network } = this.#props;
    const namespace = this.#namespace;
    const isolated = network !== false;
    if (redis) {
      const clients = [this.auth, ...(edge ? [guardWorkload(namespace)] : [])];
      new RedisServer(this, 'redis', { ...redis, namespace, clients, isolated });
    }
    if (postgresql)
      new PostgresqlServer(this, 'postgresql', { ...postgresql, namespace, clients: [this.auth], isolated });
  }
}
