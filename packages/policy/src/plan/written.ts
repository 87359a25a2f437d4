import type { IssuerState } from '../compile/issuers.ts';
import type { Mesh } from '../mesh/capability.ts';
import type { MeshConfig } from '../mesh/mesh-config.ts';
import type { Jwks } from '../parse/jwks.ts';
import type { RawObject } from '../resources.ts';

/**
 * Gives issuers the keys that are not written in them, by name.
 * @param wayOut what to do about an issuer without keys, "give its keys with --jwks NAME=FILE" for example
 */
export function writtenIssuers(
  issuers: readonly RawObject[],
  keys: ReadonlyMap<string, Jwks>,
  wayOut: string,
): readonly IssuerState[] {
  return issuers.map((issuer) => {
    const jwks = keys.get(issuer.metadata.name);
    if (jwks !== undefined) return { issuer, jwks };
    // Of an issuer with inline keys it is not read.
    return { issuer, problem: `it has a jwksUri, which nobody fetches later; ${wayOut}` };
  });
}

export interface WrittenMesh {
  readonly trustDomain?: string | undefined;
  readonly rootNamespace?: string | undefined;
  readonly config?: MeshConfig | undefined;
  /** What to do where a policy needs the mesh config and it was not given. */
  readonly wayOut: string;
}

/** The mesh as somebody describes it: what is said of it wins over its config, and that over Istio's defaults. */
export function writtenMesh({ config, wayOut, ...facts }: WrittenMesh): Mesh {
  return {
    trustDomain: facts.trustDomain ?? config?.trustDomain ?? 'cluster.local',
    rootNamespace: facts.rootNamespace ?? config?.rootNamespace ?? 'istio-system',
    ...(config === undefined ? { problem: wayOut } : { config }),
  };
}
