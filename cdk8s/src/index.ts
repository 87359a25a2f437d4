export { AuthRoute, type AuthRouteProps } from './auth-route.ts';
export { type AuthDeployment, AuthServer, type AuthServerProps } from './auth-server.ts';
export {
  type AuthenticatedDeployment,
  AuthenticatedService,
  type AuthenticatedServiceProps,
} from './authenticated-service.ts';
export type { Autoscaling, Replicas } from './availability.ts';
export { ManifestError, type ManifestErrorCode } from './errors.ts';
export { type GuardDeployment, GuardServer, type GuardServerProps } from './guard-server.ts';
export type { GuardedEdge } from './guarded-edge.ts';
export { type Labels, type Manifest, type Target, toYaml } from './kubernetes.ts';
export {
  type AlertingRule,
  DASHBOARDS,
  PROXY_METRICS,
  prometheusGroups,
  REGION_DASHBOARDS,
  RULE_GROUPS,
  RUNBOOKS,
  SUBJECTS,
} from './monitoring/index.ts';
export { Monitoring, type MonitoringOptions, type MonitoringProps, renderMonitoring } from './monitoring.ts';
export type { Destination, NetworkProps, Peer } from './network/network-props.ts';
export {
  PLATFORM_ISSUER,
  PLATFORM_NAMESPACE,
  type Platform,
  type PlatformOptions,
  renderPlatform,
} from './platform.ts';
export type { EdgeProps, SekishoPlatformProps } from './platform-props.ts';
export type { Resources } from './pod.ts';
export {
  type GatewayRef,
  type GatewayServiceType,
  type GatewayWithWorkload,
  PublicGateway,
  type PublicGatewayProps,
  PublicRoute,
  type PublicRouteProps,
} from './public-gateway.ts';
export type { RegionProps } from './region.ts';
export { type OperatorDeployment, SekishoOperator, type SekishoOperatorProps } from './sekisho-operator.ts';
export { SekishoPlatform } from './sekisho-platform.ts';
export { ServiceAuthPolicy, type ServiceAuthPolicyProps } from './service-auth-policy.ts';
export { renderShop, SHOP_NAMESPACE, type Shop, type ShopOptions, type StaticShop } from './shop.ts';
export type { StaticFactsProps } from './static/facts.ts';
export { StaticPolicies, type StaticPoliciesProps } from './static/static-policies.ts';
export { PostgresqlServer, type PostgresqlServerProps } from './stores/postgresql-server.ts';
export { RedisServer, type RedisServerProps } from './stores/redis-server.ts';
export type { Volume } from './stores/stateful-set.ts';
export { TokenIssuer, type TokenIssuerProps } from './token-issuer.ts';
export type { TracesProps } from './traces.ts';
export { type ServicePort, serviceHost, type WorkloadFacts } from './workload.ts';
