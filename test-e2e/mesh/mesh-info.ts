import { readFileSync } from 'node:fs';
import { meshPaths } from './paths.ts';

/** One workload of the mesh, as tests reach it. */
export interface WorkloadInfo {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** host:port that its Envoy takes mTLS on. */
  readonly address: string;
  /** Base URL of its Envoy's egress listener: requests with `Host: user.shop` go out with this workload's identity. */
  readonly egressProxy?: string;
  /** Base URL of the app behind Envoy, past every check: only for tests that show why nobody else may reach it. */
  readonly app?: string;
  /** Base URL of Envoy's admin interface. */
  readonly envoyAdmin: string;
}

/** Somebody who may do everything in the shop, for a person to log in as. */
export interface Shopper {
  readonly email: string;
  readonly passwordFile: string;
}

/** What is needed to start pods in a mesh that runs in a cluster. */
export interface ClusterPlace {
  /** Has Node on its PATH. */
  readonly image: string;
  /** A pod outside of the mesh that reaches whatever the cluster's network does. */
  readonly client: { readonly namespace: string; readonly name: string };
}

/** `.local/mesh.json`: everything that a running mesh tells the outside. */
export interface MeshInfo {
  readonly kubeconfig: string;
  /** Base URL of the gateway that leaves everything to the services' own policies. */
  readonly gateway: string;
  /** Base URL of the gateway that asks the guard about every request. */
  readonly edge: string;
  /** The same gateway as browsers find it, where the page of the shop is, and the `iss` of the platform's tokens. */
  readonly web: string;
  readonly shopper: Shopper;
  /** Base URL of the guard's health and metrics. */
  readonly guard: string;
  readonly auth: {
    /** Base URL of the public listener. */
    readonly url: string;
    /** Base URL of the administrators' listener. */
    readonly adminUrl: string;
    /** The `iss` of its tokens. */
    readonly issuer: string;
    readonly adminEmail: string;
    readonly adminPasswordFile: string;
  };
  /** Base URL of the operator's health and metrics. */
  readonly operator: string;
  readonly redis: string;
  /** HOST:PORT to which proxies and processes deliver spans of traces that are recorded. Nobody listens there until a test does. @default they deliver none */
  readonly collector?: string;
  /** Base URLs of the debug and metrics endpoints of each istiod: `istiod`, then `istiod-2`. */
  readonly istiods: readonly string[];
  /** host:port on which the first istiod serves configuration and certificates. */
  readonly discovery: string;
  readonly workloads: Readonly<Record<string, WorkloadInfo>>;
  /** Path of the list of supervised processes, of which a cluster has none. */
  readonly processes: string;
  /** Where it runs in a cluster instead of in processes of this machine. */
  readonly cluster?: ClusterPlace;
}

/**
 * Reads `.local/mesh.json`.
 * @throws Error when no mesh is up
 */
export function readMesh(): MeshInfo {
  try {
    return JSON.parse(readFileSync(meshPaths().mesh, 'utf8')) as MeshInfo;
  } catch (error) {
    throw new Error('no mesh is up: run `make up`', { cause: error });
  }
}
