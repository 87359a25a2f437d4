/** The API group, version and the names that every part of the product shares. */
export const GROUP = 'auth.sekisho.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
export const POLICY_KIND = 'ServiceAuthPolicy';
export const ISSUER_KIND = 'TokenIssuer';

/** Value of `app.kubernetes.io/managed-by` on every object that the compiler writes. */
export const MANAGED_BY = 'sekisho';
export const LABEL = {
  managedBy: 'app.kubernetes.io/managed-by',
  /** The owning policy's name, or a digest of it where the name is longer than a label value may be. */
  policy: `${GROUP}/policy`,
} as const;
export const ANNOTATION = {
  /** Digest of the spec as written, so that a hand edit shows even when the policy itself no longer compiles. */
  digest: `${GROUP}/digest`,
  /** On the allow list: names of the objects without which it must not stand alone. */
  needs: `${GROUP}/needs`,
} as const;

/** The one kind that `targetRefs` may name, and the label by which istiod knows the proxies of one (Gateway API, GEP-1762). */
export const GATEWAY = {
  group: 'gateway.networking.k8s.io',
  kind: 'Gateway',
  nameLabel: 'gateway.networking.k8s.io/gateway-name',
} as const;

/** Names in the mesh config's `extensionProviders` under which the guard must be known. */
export const PROVIDER = { edge: 'sekisho-edge', hop: 'sekisho-hop' } as const;

/** Headers that Envoy writes from a verified token, and that a client can therefore never forge. */
export const IDENTITY_HEADER = {
  payload: 'x-jwt-payload',
  userId: 'x-user-id',
  userRoles: 'x-user-roles',
  userInfo: 'x-user-info',
  sessionId: 'x-session-id',
} as const;

/** Claims that are copied to headers; nested names are joined by dots, as Envoy's jwt_authn reads them. */
export const CLAIM_TO_HEADER = [
  { header: IDENTITY_HEADER.userId, claim: 'user.id' },
  { header: IDENTITY_HEADER.userRoles, claim: 'user.roleList' },
  { header: IDENTITY_HEADER.userInfo, claim: 'user' },
  { header: IDENTITY_HEADER.sessionId, claim: 'session.id' },
] as const;

/** Stands for the policy's service inside a TokenIssuer's claim path. */
export const SERVICE_PLACEHOLDER = '{service}';
export const DEFAULT_PERMISSIONS_CLAIM: readonly string[] = ['services', SERVICE_PLACEHOLDER, 'permissions'];
export const DEFAULT_ROLES_CLAIM: readonly string[] = ['user', 'roles'];

/**
 * Upper bounds of the language. `rules * issuers` stays within the 512 rules that Istio's AuthorizationPolicy CRD takes,
 * `path` within the 256 characters of Envoy's UriTemplateMatchConfig, and all within the API server's CEL cost budget.
 */
export const LIMIT = {
  rules: 64,
  operations: 16,
  methods: 16,
  paths: 32,
  path: 256,
  ports: 16,
  values: 64,
  value: 256,
  callers: 32,
  claims: 8,
  claimPath: 8,
  claimName: 128,
  issuers: 8,
  labels: 16,
  targetRefs: 16,
  issuer: 512,
  uri: 2048,
  keys: 128,
  /** Distinct methods, ports and paths that rules without a token may name together: the guard is their exact complement. */
  tokenlessMethods: 16,
  tokenlessPorts: 16,
  tokenlessPaths: 128,
  /** Serialized size of one generated object; etcd refuses requests above 1.5 MiB. */
  objectBytes: 1_000_000,
} as const;
