import Type, { type Static } from 'typebox';
import { shapeOf, shapeProblems } from '../parse/shape.ts';
import { type Parsed, parsed } from '../problem.ts';

/** An entry of `extensionProviders` that speaks ext_authz. */
export interface ExtAuthzProvider {
  readonly name: string;
  /** Envoy lets requests through while the provider does not answer. */
  readonly failOpen: boolean;
  /** Envoy waits at most so long; absent, it waits ten minutes. */
  readonly timeout?: string;
}

/** What of Istio's mesh config bears on policies (istio.io/docs/reference/config/istio.mesh.v1alpha1). */
export interface MeshConfig {
  readonly trustDomain: string;
  /** Policies in this namespace apply to the whole mesh. */
  readonly rootNamespace: string;
  readonly providers: readonly ExtAuthzProvider[];
  /** Encoded and doubled slashes are resolved before a path is matched. */
  readonly normalizesPaths: boolean;
}

const extAuthz = Type.Object({
  failOpen: Type.Optional(Type.Boolean()),
  timeout: Type.Optional(Type.String({ maxLength: 64 })),
});

const provider = Type.Object({
  name: Type.String({ maxLength: 253 }),
  envoyExtAuthzHttp: Type.Optional(extAuthz),
  envoyExtAuthzGrpc: Type.Optional(extAuthz),
});

const document = Type.Object({
  trustDomain: Type.Optional(Type.String({ maxLength: 253 })),
  rootNamespace: Type.Optional(Type.String({ maxLength: 63 })),
  extensionProviders: Type.Optional(Type.Array(provider, { maxItems: 1000 })),
  pathNormalization: Type.Optional(Type.Object({ normalization: Type.Optional(Type.String({ maxLength: 64 })) })),
});

const shape = shapeOf(document);

/** Reads the decoded mesh config; what is not about policies may have any shape. Absent fields are Istio's defaults. */
export function parseMeshConfig(raw: unknown): Parsed<MeshConfig> {
  // An empty document decodes to null.
  const written = raw ?? {};
  const problems = shapeProblems(shape, written, '');
  // The schema was just found to hold, and the static type is derived from the same schema.
  return problems.length > 0 ? { ok: false, problems } : parsed(toMeshConfig(written as Static<typeof document>), []);
}

function toMeshConfig(written: Static<typeof document>): MeshConfig {
  return {
    trustDomain: written.trustDomain ?? 'cluster.local',
    rootNamespace: written.rootNamespace ?? 'istio-system',
    providers: (written.extensionProviders ?? []).flatMap(toProvider),
    normalizesPaths: written.pathNormalization?.normalization === 'DECODE_AND_MERGE_SLASHES',
  };
}

function toProvider({
  name,
  envoyExtAuthzHttp,
  envoyExtAuthzGrpc,
}: Static<typeof provider>): readonly ExtAuthzProvider[] {
  const settings = envoyExtAuthzHttp ?? envoyExtAuthzGrpc;
  if (settings === undefined) return [];
  const { failOpen = false, timeout } = settings;
  return [{ name, failOpen, ...(timeout !== undefined && { timeout }) }];
}
