import type { AuthDeployment } from './auth-server.ts';
import type { GuardDeployment } from './guard-server.ts';
import type { Target } from './kubernetes.ts';
import type { NetworkProps } from './network/network-props.ts';
import type { GatewayRef, GatewayServiceType } from './public-gateway.ts';
import type { RegionProps } from './region.ts';
import type { OperatorDeployment, SekishoOperatorProps } from './sekisho-operator.ts';
import type { PostgresqlServerProps } from './stores/postgresql-server.ts';
import type { RedisServerProps } from './stores/redis-server.ts';
import type { TracesProps } from './traces.ts';

export interface SekishoPlatformProps {
  /** The `iss` of the platform's tokens, for example `https://auth.example.org`. */
  readonly issuer: string;
  /** @default 'cluster' */
  readonly target?: Target;
  /** Made here. istio/mesh-config.yaml names the guard in the default one. @default 'sekisho-system' */
  readonly namespace?: string;
  /** Where the keys of the platform's tokens are. @default the auth service, by its name inside the cluster */
  readonly jwksUri?: string;
  /**
   * Whether services take access tokens alone, which name a client, and no id tokens. False beside an operator and a guard of a release
   * that does not know `requiredClaims`. @default true
   */
  readonly requireClientId?: boolean;
  /** Namespaces whose routes the gateways take. @default ['shop'] */
  readonly routesFrom?: readonly string[];
  /** The gateway `public`, which asks nobody: false where services are reached through another. @default it is made */
  readonly gateway?: boolean;
  /** Port that the gateway's proxy binds on the `local` target. @default 8080 */
  readonly gatewayTargetPort?: number;
  /** @default as istiod has it, which is LoadBalancer */
  readonly gatewayServiceType?: GatewayServiceType;
  /** The guard, and a gateway that asks it about every request. @default neither */
  readonly edge?: EdgeProps;
  /** @default sekisho/<part>:0.1.0 */
  readonly images?: { readonly operator: string; readonly auth: string; readonly guard: string };
  /** First administrator of the auth service. @default none is made */
  readonly bootstrapAdminEmail?: string;
  /** Base URL of the operator's webhook where the operator runs outside the cluster. @default by its Service */
  readonly webhookUrl?: string;
  /** Settings of the operator. @default two replicas */
  readonly operator?: Omit<OperatorDeployment, 'image'>;
  /** Settings of the auth service. @default two replicas */
  readonly auth?: Omit<AuthDeployment, 'image' | 'bootstrapAdminEmail'>;
  /** Settings of the guard, where there is an `edge`. @default two replicas */
  readonly guard?: Omit<GuardDeployment, 'image' | 'trustDomain' | 'istiodNamespace'>;
  /** A Redis of the platform's own, for who has none. @default none: the Secrets of auth and guard lead to one */
  readonly redis?: Omit<RedisServerProps, 'namespace' | 'clients'>;
  /** A PostgreSQL of the platform's own, for who has none; regions share one, which none of them reaches here. @default none: the Secret of auth leads to one */
  readonly postgresql?: Omit<PostgresqlServerProps, 'namespace' | 'clients'>;
  /** Who the platform's pods talk with: all else is denied. False renders no NetworkPolicy. @default as the properties say */
  readonly network?: NetworkProps | false;
  /** Where the spans of operator, auth service and guard go. @default nowhere: nothing is recorded */
  readonly traces?: TracesProps;
  /** Which of several regions this platform is. @default there is one */
  readonly region?: RegionProps;
  /** Where Istio is, and what its mesh config says. @default as Istio is installed by default */
  readonly mesh?: Pick<SekishoOperatorProps, 'trustDomain' | 'rootNamespace' | 'meshConfig' | 'istiodNamespace'>;
}

export interface EdgeProps {
  /** A Gateway that is there already, which takes routes of the platform's namespace. @default one is made: edge in istio-edge */
  readonly gateway?: GatewayRef;
  /** Port that the proxy of the one that is made binds on the `local` target. @default 8080 */
  readonly targetPort?: number;
}
