import Type, { type TObject, type TProperties } from 'typebox';

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
export const QUANTITY = '^[0-9]+(\\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$';
const NAME = '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$';

/** Closed: a misspelt value is refused, not ignored. */
export const group = <T extends TProperties>(description: string, properties: T): TObject<T> =>
  Type.Object(properties, { additionalProperties: false, description });
export const text = (description: string, options: { readonly pattern?: string; readonly maxLength?: number } = {}) =>
  Type.String({ description, ...options });
export const name = (description: string) => text(description, { pattern: NAME });
export const objects = (description: string) => Type.Array(Type.Object({}), { description });
export const strings = (description: string) => Type.Record(Type.String(), Type.String(), { description });
/** @param ours keys that the chart sets: YAML has no meaning where one is there twice */
export const labels = (description: string, ours: readonly string[]) => {
  const properties = Object.fromEntries(ours.map((key) => [key, false]));
  return Type.Record(Type.String(), Type.String(), { description, properties });
};
export const namespaces = (description: string) =>
  Type.Array(Type.String({ pattern: NAME }), { description, maxItems: 64, uniqueItems: true });

export const destination = (description: string) =>
  group(description, {
    to: objects('Peers of a NetworkPolicy. Empty: every address.'),
    ports: Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), {
      description: 'Ports of the pods or hosts behind it. Empty: it is not reached.',
      maxItems: 16,
    }),
  });
