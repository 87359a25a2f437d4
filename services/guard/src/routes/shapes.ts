import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';

/**
 * What is read of Gateway API objects and Services. The API server has validated them by their definitions; these schemas
 * hold what the guard relies on, whatever version of a definition is installed. Fields beyond them are left alone.
 */
const Path = Type.Object({
  type: Type.Optional(Type.String()),
  value: Type.Optional(Type.String({ maxLength: 1024 })),
});
const Named = Type.Object({
  type: Type.Optional(Type.String()),
  name: Type.String({ minLength: 1, maxLength: 256 }),
  value: Type.String({ maxLength: 4096 }),
});
const Match = Type.Object({
  path: Type.Optional(Path),
  method: Type.Optional(Type.String()),
  headers: Type.Optional(Type.Array(Named)),
  queryParams: Type.Optional(Type.Array(Named)),
});
const PathModifier = Type.Object({
  type: Type.String(),
  replaceFullPath: Type.Optional(Type.String()),
  replacePrefixMatch: Type.Optional(Type.String()),
});
const backendFields = {
  group: Type.Optional(Type.String()),
  kind: Type.Optional(Type.String()),
  namespace: Type.Optional(Type.String()),
  name: Type.String(),
  port: Type.Optional(Type.Integer()),
};
const BackendRef = Type.Object(backendFields);
const Header = Type.Object({ value: Type.String() });
const HeaderModifier = Type.Optional(
  Type.Object({ set: Type.Optional(Type.Array(Header)), add: Type.Optional(Type.Array(Header)) }),
);
const Filter = Type.Object({
  type: Type.String(),
  requestHeaderModifier: HeaderModifier,
  responseHeaderModifier: HeaderModifier,
  urlRewrite: Type.Optional(Type.Object({ path: Type.Optional(PathModifier) })),
  requestMirror: Type.Optional(Type.Object({ backendRef: BackendRef })),
});
const Backend = Type.Object({
  ...backendFields,
  weight: Type.Optional(Type.Integer()),
  filters: Type.Optional(Type.Array(Filter)),
});
const Rule = Type.Object({
  matches: Type.Optional(Type.Array(Match)),
  filters: Type.Optional(Type.Array(Filter)),
  backendRefs: Type.Optional(Type.Array(Backend)),
});
const ParentRef = Type.Object({
  group: Type.Optional(Type.String()),
  kind: Type.Optional(Type.String()),
  namespace: Type.Optional(Type.String()),
  name: Type.String(),
  sectionName: Type.Optional(Type.String()),
  port: Type.Optional(Type.Integer()),
});
const HttpRouteSpec = Type.Object({
  parentRefs: Type.Optional(Type.Array(ParentRef)),
  hostnames: Type.Optional(Type.Array(Type.String())),
  rules: Type.Optional(Type.Array(Rule)),
});

const Expression = Type.Object({
  key: Type.String(),
  operator: Type.String(),
  values: Type.Optional(Type.Array(Type.String())),
});
const LabelSelector = Type.Object({
  matchLabels: Type.Optional(Type.Record(Type.String(), Type.String())),
  matchExpressions: Type.Optional(Type.Array(Expression)),
});
const AllowedRoutes = Type.Object({
  namespaces: Type.Optional(
    Type.Object({ from: Type.Optional(Type.String()), selector: Type.Optional(LabelSelector) }),
  ),
  kinds: Type.Optional(Type.Array(Type.Object({ group: Type.Optional(Type.String()), kind: Type.String() }))),
});
const Listener = Type.Object({
  name: Type.String(),
  port: Type.Integer(),
  protocol: Type.String(),
  hostname: Type.Optional(Type.String()),
  tls: Type.Optional(Type.Object({})),
  allowedRoutes: Type.Optional(AllowedRoutes),
});
const GatewaySpec = Type.Object({ gatewayClassName: Type.String(), listeners: Type.Array(Listener) });

const ServicePort = Type.Object({
  port: Type.Integer(),
  targetPort: Type.Optional(Type.Union([Type.Integer(), Type.String()])),
});
const ServiceSpec = Type.Object({
  selector: Type.Optional(Type.Record(Type.String(), Type.String())),
  ports: Type.Optional(Type.Array(ServicePort)),
});

const ReferenceGrantSpec = Type.Object({
  from: Type.Array(Type.Object({ group: Type.String(), kind: Type.String(), namespace: Type.String() })),
  to: Type.Array(Type.Object({ group: Type.String(), kind: Type.String(), name: Type.Optional(Type.String()) })),
});

export type HttpRouteSpec = Static<typeof HttpRouteSpec>;
export type HttpRouteRule = Static<typeof Rule>;
export type HttpRouteMatch = Static<typeof Match>;
export type HttpRouteFilter = Static<typeof Filter>;
export type NamedMatch = Static<typeof Named>;
export type BackendRef = Static<typeof BackendRef>;
export type HttpBackendRef = Static<typeof Backend>;
export type ParentRef = Static<typeof ParentRef>;
export type GatewaySpec = Static<typeof GatewaySpec>;
export type Listener = Static<typeof Listener>;
export type LabelSelector = Static<typeof LabelSelector>;
export type ServiceSpec = Static<typeof ServiceSpec>;
export type ReferenceGrantSpec = Static<typeof ReferenceGrantSpec>;

/** Reads a spec; undefined for one that has not the shape, which then counts as not there. */
function reader<T extends TSchema>(schema: T): (spec: unknown) => Static<T> | undefined {
  const compiled = Compile(schema);
  return (spec) => (compiled.Check(spec) ? spec : undefined);
}

export const readHttpRoute = reader(HttpRouteSpec);
export const readGateway = reader(GatewaySpec);
export const readService = reader(ServiceSpec);
export const readReferenceGrant = reader(ReferenceGrantSpec);
