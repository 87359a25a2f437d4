import Type, { type Static } from 'typebox';
import { GATEWAY, LIMIT } from '../vocabulary.ts';
import { claimPath, claimValue } from './claim.ts';
import { list, object, oneOf, onlyTrue, PATTERN, shaped, text } from './dsl.ts';

const valueSet = (what: string) =>
  object(
    {
      anyOf: Type.Optional(list(claimValue, LIMIT.values, { description: `At least one of these ${what} is held.` })),
      allOf: Type.Optional(list(claimValue, LIMIT.values, { description: `Every one of these ${what} is held.` })),
    },
    {
      description: `The ${what} that the caller's token must carry.`,
      cel: [{ rule: 'has(self.anyOf) || has(self.allOf)', message: 'needs anyOf or allOf' }],
    },
  );

const caller = object({
  namespace: shaped('dnsLabel', 63, { description: "Namespace of the caller's ServiceAccount." }),
  serviceAccount: shaped('dnsSubdomain', 253, { description: "Name of the caller's ServiceAccount." }),
});

const claim = object({
  path: claimPath('Names from the outermost claim inwards, such as [user, tier].'),
  anyOf: list(claimValue, LIMIT.values, {
    description: 'Values of which the claim (text or list of texts) holds one.',
  }),
});

const operation = object(
  {
    methods: Type.Optional(
      list(shaped('method', 32), LIMIT.methods, { description: 'HTTP methods; omitted means all.' }),
    ),
    paths: Type.Optional(
      list(
        text(LIMIT.path, {
          cel: [
            {
              rule: "(self.startsWith('/') || self.startsWith('*')) && self != '*'",
              message: "must start with '/', or with '*' and a suffix; omit paths to mean all",
            },
          ],
        }),
        LIMIT.paths,
        {
          description:
            'Exact, `prefix*`, `*suffix`, or a template with {*} (one segment) and {**} (the rest, last). Omitted means all.',
        },
      ),
    ),
    ports: Type.Optional(
      list(Type.Integer({ minimum: 1, maximum: 65535 }), LIMIT.ports, {
        description: 'Ports of the workload (not of its Service); omitted means all.',
      }),
    ),
  },
  {
    cel: [
      {
        rule: 'has(self.methods) || has(self.paths) || has(self.ports)',
        message: 'needs methods, paths or ports; omit `to` to mean every request',
      },
    ],
  },
);

const allow = object(
  {
    public: Type.Optional(onlyTrue({ description: 'No token is needed. Excludes every other key.' })),
    authenticated: Type.Optional(onlyTrue({ description: 'Any valid token of the issuers is enough.' })),
    permissions: Type.Optional(valueSet('permissions')),
    roles: Type.Optional(valueSet('roles')),
    callers: Type.Optional(
      list(caller, LIMIT.callers, { description: 'mTLS identities of which the direct caller is one.' }),
    ),
    claims: Type.Optional(list(claim, LIMIT.claims, { description: 'Other claims; all of them must hold.' })),
  },
  {
    description: 'Who may. Everything named here must hold.',
    cel: [
      {
        rule: 'has(self.public) || has(self.authenticated) || has(self.permissions) || has(self.roles) || has(self.callers) || has(self.claims)',
        message: 'needs at least one of public, authenticated, permissions, roles, callers, claims',
      },
      {
        rule: '!has(self.public) || !(has(self.authenticated) || has(self.permissions) || has(self.roles) || has(self.callers) || has(self.claims))',
        message: 'public stands alone: drop the other keys, or drop public',
      },
    ],
  },
);

const rule = object({
  name: shaped('dnsLabel', 63, { description: 'Unique in the policy; used in status, logs and explanations.' }),
  to: Type.Optional(list(operation, LIMIT.operations, { description: 'Any of; omitted means every request.' })),
  allow,
});

export const selectorSchema = object(
  {
    matchLabels: Type.Record(Type.String(), Type.String({ maxLength: 63, pattern: PATTERN.labelValue.pattern }), {
      minProperties: 1,
      maxProperties: LIMIT.labels,
      description: 'Labels that a selected workload carries, all of them.',
    }),
  },
  { description: "Workloads of the policy's own namespace." },
);

const targetRef = object({
  group: oneOf([GATEWAY.group], { description: 'API group of the target.' }),
  kind: oneOf([GATEWAY.kind]),
  name: shaped('dnsSubdomain', 253, { description: "A Gateway in the policy's own namespace." }),
});

export const targetRefsSchema = list(targetRef, LIMIT.targetRefs, {
  description: 'Gateways that this policy guards, instead of workloads.',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['group', 'kind', 'name'],
});

const revocation = object({
  check: Type.Optional(
    oneOf(['Edge', 'EveryHop'], {
      description:
        'Of a workload: Edge (the default) leaves it to the gateway, EveryHop asks the guard again here. ' +
        'Of a Gateway: Edge asks the guard here; omitted, it is not asked.',
    }),
  ),
  whenUnavailable: Type.Optional(
    oneOf(['Deny', 'Allow'], {
      description: 'What the guard does while its revocation state is too old. Default: Deny.',
    }),
  ),
});

/** The one schema of `spec`: the parser checks it, and the CRD is generated from it. */
export const serviceAuthPolicySpecSchema = object(
  {
    selector: Type.Optional(selectorSchema),
    targetRefs: Type.Optional(targetRefsSchema),
    service: Type.Optional(
      shaped('dnsLabel', 63, {
        description: 'Audience of the tokens and key in their `services` claim. Default: metadata.name.',
      }),
    ),
    issuers: Type.Optional(
      list(shaped('dnsSubdomain', 253), LIMIT.issuers, {
        description: 'TokenIssuer names. Default: the TokenIssuer marked as default.',
        'x-kubernetes-list-type': 'set',
      }),
    ),
    mode: Type.Optional(
      oneOf(['Enforce', 'Shadow'], {
        description: 'Shadow evaluates and counts, but lets through.',
        default: 'Enforce',
      }),
    ),
    rules: list(rule, LIMIT.rules, {
      description: 'An allow list: what no rule allows is denied.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    }),
    revocation: Type.Optional(revocation),
    mtls: Type.Optional(
      oneOf(['Strict', 'Permissive'], { description: "Mutual TLS of the workload. Default: the mesh's own setting." }),
    ),
  },
  {
    cel: [
      {
        rule: 'has(self.selector) != has(self.targetRefs)',
        message: 'needs exactly one of selector and targetRefs',
      },
      {
        rule: '!has(self.targetRefs) || !has(self.mtls)',
        message: 'mtls belongs to workloads: leave it out beside targetRefs',
      },
      {
        rule: "!has(self.targetRefs) || !has(self.revocation) || !has(self.revocation.check) || self.revocation.check == 'Edge'",
        message: 'a Gateway is the edge: write Edge, and EveryHop in the policies of the services behind it',
      },
      {
        rule: "!has(self.targetRefs) || !has(self.revocation) || !has(self.revocation.whenUnavailable) || self.revocation.whenUnavailable == 'Deny'",
        message: 'whenUnavailable belongs to the policies of the services behind the Gateway',
      },
    ],
  },
);

/** `spec` as a person writes it. */
export type ServiceAuthPolicySpec = Static<typeof serviceAuthPolicySpecSchema>;
export type TargetRef = NonNullable<ServiceAuthPolicySpec['targetRefs']>[number];
export type PolicyRule = ServiceAuthPolicySpec['rules'][number];
export type Operation = NonNullable<PolicyRule['to']>[number];
export type Allow = PolicyRule['allow'];
export type ValueSet = NonNullable<Allow['permissions']>;
export type Caller = NonNullable<Allow['callers']>[number];
export type ClaimCondition = NonNullable<Allow['claims']>[number];
