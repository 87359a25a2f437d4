import { PATTERN } from '../schema/dsl.ts';
import { serviceAuthPolicySpecSchema } from '../schema/service-auth-policy.ts';
import { serviceAuthPolicyStatusSchema, tokenIssuerStatusSchema } from '../schema/status.ts';
import { tokenIssuerSpecSchema } from '../schema/token-issuer.ts';
import { GROUP, ISSUER_KIND, POLICY_KIND, VERSION } from '../vocabulary.ts';
import { type Structural, structural } from './structural.ts';

export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

interface Names {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
}

interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  /** 0 is always shown, 1 only with `-o wide`. */
  readonly priority?: number;
}

/** Both CustomResourceDefinitions, generated from the schemas that the parsers use. */
export function crds(): readonly CustomResourceDefinition[] {
  return [serviceAuthPolicyCrd(), tokenIssuerCrd()];
}

function serviceAuthPolicyCrd(): CustomResourceDefinition {
  const service = `self.metadata.name.size() <= 63 && self.metadata.name.matches('${PATTERN.dnsLabel.pattern}')`;
  return definition({
    names: {
      kind: POLICY_KIND,
      plural: 'serviceauthpolicies',
      singular: 'serviceauthpolicy',
      shortNames: ['sap'],
    },
    scope: 'Namespaced',
    columns: [
      column('Service', '.status.service', 'Audience of the tokens.'),
      column('Mode', '.spec.mode', 'Enforce or Shadow.'),
      { ...column('Rules', '.status.rules', 'Number of rules.'), type: 'integer' },
      conditionColumn('Accepted', 'The policy is valid and not in conflict.'),
      conditionColumn('Programmed', 'The API server holds exactly the generated objects.'),
      conditionColumn('Enforced', 'Every proxy of the selected workloads acknowledged the generated objects.'),
      { ...conditionColumn('Warning', 'Something around the policy may not be as its author expects.'), priority: 1 },
      { ...column('Reason', '.status.conditions[?(@.type=="Accepted")].message', 'Why.'), priority: 1 },
    ],
    schema: {
      description: 'Who may call one service: the mesh enforces it, from tokens and mTLS identities.',
      properties: {
        spec: structural(serviceAuthPolicySpecSchema, 'keep'),
        status: structural(serviceAuthPolicyStatusSchema, 'prune'),
      },
      'x-kubernetes-validations': [
        {
          rule: `has(self.spec.service) || (${service})`,
          message: 'spec.service is needed, because metadata.name is not a DNS label',
        },
      ],
    },
  });
}

function tokenIssuerCrd(): CustomResourceDefinition {
  return definition({
    names: { kind: ISSUER_KIND, plural: 'tokenissuers', singular: 'tokenissuer', shortNames: ['ti'] },
    scope: 'Cluster',
    columns: [
      column('Issuer', '.spec.issuer', 'The iss claim.'),
      column('Default', '.spec.default', 'Used by policies that name no issuer.'),
      conditionColumn('Ready', 'A valid key set is known.'),
    ],
    schema: {
      description: 'An issuer whose tokens policies may accept.',
      properties: {
        spec: structural(tokenIssuerSpecSchema, 'keep'),
        status: structural(tokenIssuerStatusSchema, 'prune'),
      },
    },
  });
}

function column(name: string, jsonPath: string, description: string): Column {
  return { name, type: 'string', jsonPath, description };
}

function conditionColumn(type: string, description: string): Column {
  return column(type, `.status.conditions[?(@.type=="${type}")].status`, description);
}

interface Definition {
  readonly names: Names;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly columns: readonly Column[];
  readonly schema: Structural & { readonly properties: Structural };
}

function definition({ names, scope, columns, schema }: Definition): CustomResourceDefinition {
  const age: Column = { ...column('Age', '.metadata.creationTimestamp', 'Time since creation.'), type: 'date' };
  const envelope = { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { type: 'object' } };
  const version = {
    name: VERSION,
    served: true,
    storage: true,
    subresources: { status: {} },
    additionalPrinterColumns: [...columns, age],
    schema: {
      openAPIV3Schema: {
        ...schema,
        type: 'object',
        required: ['spec'],
        properties: { ...envelope, ...schema.properties },
      },
    },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope,
      names: { ...names, listKind: `${names.kind}List`, categories: ['sekisho'] },
      versions: [version],
    },
  };
}
