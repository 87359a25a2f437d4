import {
  describeProblems,
  type Jwks,
  type Mesh,
  type Parsed,
  parseJwks,
  parseMeshConfig,
  writtenMesh,
} from '@sekisho/policy';
import { ManifestError } from '../errors.ts';

/** What an operator would ask others for. */
export interface StaticFactsProps {
  /**
   * Key sets (RFC 7517 section 5), decoded, by the names of the TokenIssuers that have a `jwksUri`: nobody fetches them later, so
   * synthesize again while a new key is published and before it signs. @default none: every issuer has its keys in `spec.jwks`
   */
  readonly jwks?: Readonly<Record<string, unknown>>;
  /** Istio's mesh config, decoded. @default none: no policy has the guard asked */
  readonly meshConfig?: unknown;
  /** @default as the mesh config says, else 'cluster.local' */
  readonly trustDomain?: string;
  /** @default as the mesh config says, else 'istio-system' */
  readonly rootNamespace?: string;
}

export interface StaticFacts {
  readonly jwks: ReadonlyMap<string, Jwks>;
  readonly mesh: Mesh;
}

/** @throws ManifestError `static_invalid`, naming each field and a way out */
export function readFacts({ jwks = {}, meshConfig, trustDomain, rootNamespace }: StaticFactsProps): StaticFacts {
  const config = meshConfig === undefined ? undefined : valid(parseMeshConfig(meshConfig), 'meshConfig: ');
  return {
    jwks: new Map(Object.entries(jwks).map(([issuer, raw]) => [issuer, valid(parseJwks(raw, `jwks.${issuer}`))])),
    mesh: writtenMesh({ config, trustDomain, rootNamespace, wayOut: 'give it as meshConfig' }),
  };
}

function valid<T>(parsed: Parsed<T>, prefix = ''): T {
  if (parsed.ok) return parsed.value;
  throw new ManifestError('static_invalid', `${prefix}${describeProblems(parsed.problems)}`);
}
