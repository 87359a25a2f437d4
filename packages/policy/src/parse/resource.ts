import Type, { type Static, type TSchema } from 'typebox';
import type { Problem } from '../problem.ts';
import type { ObjectMeta } from '../resources.ts';
import { API_VERSION } from '../vocabulary.ts';
import { shapeOf, shapeProblems } from './shape.ts';

/** The envelope of a custom resource; lists of the API server leave apiVersion and kind out of their items. */
const envelope = (kind: string, spec: TSchema) =>
  Type.Object(
    {
      apiVersion: Type.Optional(Type.Unsafe({ type: 'string', enum: [API_VERSION] })),
      kind: Type.Optional(Type.Unsafe({ type: 'string', enum: [kind] })),
      metadata: Type.Object({
        name: Type.String({ minLength: 1, maxLength: 253 }),
        namespace: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
      }),
      spec,
      status: Type.Optional(Type.Unknown()),
    },
    { additionalProperties: false },
  );

export interface Resource<Spec> {
  readonly metadata: ObjectMeta;
  readonly spec: Spec;
  readonly status?: unknown;
}

export type Envelope<Spec> =
  | { readonly ok: true; readonly resource: Resource<Spec> }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Builds the first stage of a parser: the shape alone. */
export function envelopeOf<S extends TSchema>(kind: string, spec: S) {
  const shape = shapeOf(envelope(kind, spec));
  return (raw: unknown): Envelope<Static<S>> => {
    const problems = shapeProblems(shape, raw, '');
    // The schema was just found to hold, and the static type is derived from the same schema.
    return problems.length === 0 ? { ok: true, resource: raw as Resource<Static<S>> } : { ok: false, problems };
  };
}
