import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

export const API_VERSION = 'admission.k8s.io/v1';
export const KIND = 'AdmissionReview';

const Name = Type.String({ maxLength: 253 });
const Request = Type.Object({
  uid: Type.String({ minLength: 1, maxLength: 128 }),
  kind: Type.Object({ group: Name, version: Name, kind: Name }),
  name: Type.Optional(Name),
  /** Absent for what is cluster-scoped. */
  namespace: Type.Optional(Name),
  operation: Type.Union([
    Type.Literal('CREATE'),
    Type.Literal('UPDATE'),
    Type.Literal('DELETE'),
    Type.Literal('CONNECT'),
  ]),
  object: Type.Unknown(),
  oldObject: Type.Optional(Type.Unknown()),
});
const Review = Type.Object({
  apiVersion: Type.Literal(API_VERSION),
  kind: Type.Literal(KIND),
  request: Request,
});

/** The part of an AdmissionRequest that is judged. */
export type AdmissionRequest = Static<typeof Request>;

/** Undefined for whatever is no AdmissionReview of version v1. */
export function readReview(text: string): AdmissionRequest | undefined {
  const raw = parseJson(text);
  return Value.Check(Review, raw) ? raw.request : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may hold a key.
    return undefined;
  }
}
