import { KubeError } from './errors.ts';
import { isRecord, type JsonRecord, textField } from './json.ts';

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: unknown;
}

/** Any object as the API server returned it. Fields beyond these are there, and unknown. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec?: unknown;
  readonly status?: unknown;
  readonly [field: string]: unknown;
}

/** What may be sent: the same without the demand for an index signature, so that callers keep their own types. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

export interface ObjectRef {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** `namespace/name`, or `name` of a cluster-scoped object: the key of stores and queues. */
export function keyOf(ref: ObjectRef): string {
  return ref.namespace === undefined ? ref.name : `${ref.namespace}/${ref.name}`;
}

/** The opposite of `keyOf`. */
export function refOf(key: string): ObjectRef {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/**
 * Checks that a decoded answer is an object with metadata. The API server's typed fields of metadata are trusted after
 * that; spec and status stay unknown.
 * @param type stands in for apiVersion and kind, which the items of a typed list leave out
 */
export function toObject(what: string, raw: unknown, type?: { apiVersion: string; kind: string }): KubeObject {
  if (!isRecord(raw) || !isMeta(raw['metadata'])) throw malformed(what);
  const apiVersion = textField(raw, 'apiVersion') ?? type?.apiVersion;
  const kind = textField(raw, 'kind') ?? type?.kind;
  if (apiVersion === undefined || kind === undefined) throw malformed(what);
  return { ...raw, apiVersion, kind, metadata: raw['metadata'] };
}

function isMeta(raw: unknown): raw is ObjectMeta & JsonRecord {
  return isRecord(raw) && textField(raw, 'name') !== undefined;
}

function malformed(what: string): KubeError {
  return new KubeError('malformed', `${what}: the answer is no Kubernetes object`);
}
