import type { TSchema } from 'typebox';

/** A node of a structural OpenAPI schema (kubernetes.io: CustomResourceDefinition, "Specifying a structural schema"). */
export type Structural = Readonly<Record<string, unknown>>;

type Node = Readonly<Record<string, unknown>>;

/** What becomes of a field that the schema does not know. */
export type UnknownFields = 'keep' | 'prune';

/**
 * Converts one of our JSON schemas to the structural form.
 *
 * `keep` leaves unknown fields in the stored object. Pruning would drop a misspelt `to` without a word and so open a rule to
 * every path; kept, it reaches the parser, which refuses it by name. It also keeps an older operator from half-reading a policy
 * that was written for a newer one.
 */
export function structural(schema: TSchema, unknownFields: UnknownFields): Structural {
  return convert(schema as Node, unknownFields);
}

function convert(node: Node, unknownFields: UnknownFields): Structural {
  const { additionalProperties, patternProperties, properties, items, required, ...rest } = node;
  return {
    ...rest,
    ...(isNode(properties) && { properties: mapValues(properties, unknownFields) }),
    ...(isNode(patternProperties) && { additionalProperties: convertOnly(patternProperties, unknownFields) }),
    ...(isNode(items) && { items: convert(items, unknownFields) }),
    ...(Array.isArray(required) && required.length > 0 && { required }),
    ...(additionalProperties === false && unknownFields === 'keep' && { 'x-kubernetes-preserve-unknown-fields': true }),
  };
}

function mapValues(properties: Node, unknownFields: UnknownFields): Structural {
  return Object.fromEntries(
    Object.entries(properties).map(([name, child]) => [name, isNode(child) ? convert(child, unknownFields) : child]),
  );
}

/** A map of free keys is one pattern in JSON schema, and `additionalProperties` in a structural schema. */
function convertOnly(patternProperties: Node, unknownFields: UnknownFields): Structural {
  const [child] = Object.values(patternProperties);
  return isNode(child) ? convert(child, unknownFields) : {};
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
