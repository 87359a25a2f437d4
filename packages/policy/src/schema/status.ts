import Type, { type Static } from 'typebox';
import { LIMIT } from '../vocabulary.ts';

const bounded = (maxLength: number) => Type.String({ maxLength });

/** metav1.Condition. `lastTransitionTime` moves only when `status` does. */
const condition = Type.Object({
  type: bounded(316),
  status: Type.Unsafe<'True' | 'False' | 'Unknown'>({ type: 'string', enum: ['True', 'False', 'Unknown'] }),
  reason: bounded(1024),
  message: bounded(32768),
  lastTransitionTime: Type.String({ format: 'date-time' }),
  observedGeneration: Type.Optional(Type.Integer({ minimum: 0 })),
});

const conditions = Type.Array(condition, {
  maxItems: 8,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
});

export const serviceAuthPolicyStatusSchema = Type.Object({
  observedGeneration: Type.Optional(Type.Integer({ minimum: 0 })),
  conditions: Type.Optional(conditions),
  service: Type.Optional(
    Type.String({ maxLength: 63, description: 'Name of the service whose tokens the generated objects accept.' }),
  ),
  rules: Type.Optional(Type.Integer({ minimum: 0 })),
  workloads: Type.Optional(Type.Object({ selected: Type.Integer({ minimum: 0 }) })),
  objects: Type.Optional(
    Type.Array(Type.Object({ kind: bounded(63), name: bounded(253) }), {
      maxItems: 16,
      description: 'The generated objects that are in force.',
    }),
  ),
  enforcedObjects: Type.Optional(
    Type.String({ maxLength: 64, description: 'Digest of the generated objects that every proxy acknowledged.' }),
  ),
});

export const tokenIssuerStatusSchema = Type.Object({
  observedGeneration: Type.Optional(Type.Integer({ minimum: 0 })),
  conditions: Type.Optional(conditions),
  keys: Type.Optional(
    Type.Array(
      Type.Object({
        kid: bounded(LIMIT.value),
        policies: Type.Integer({ minimum: 0, description: 'Policies whose objects hold this key.' }),
        of: Type.Integer({ minimum: 0, description: 'Policies that use this issuer.' }),
        since: Type.String({ format: 'date-time', description: 'When the key was first seen.' }),
      }),
      { maxItems: LIMIT.keys },
    ),
  ),
});

export type Condition = Static<typeof condition>;
export type ServiceAuthPolicyStatus = Static<typeof serviceAuthPolicyStatusSchema>;
export type TokenIssuerStatus = Static<typeof tokenIssuerStatusSchema>;
