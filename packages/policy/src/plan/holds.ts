import { sameJson } from '../compile/digest.ts';
import type { IstioObject, ObjectMeta, ObjectRef } from '../resources.ts';

/**
 * True when `held`, as the API server gave it, is what `wanted` asks for: the same spec, and the metadata that we set. What others
 * add is left alone, except labels and annotations of Istio itself: `istio.io/dry-run` or `istio.io/rev` would switch a policy off.
 * Server-side apply cannot remove what another manager added, so a repair that does not hold afterwards needs a replace.
 */
export function holds(held: IstioObject, wanted: IstioObject): boolean {
  return (
    sameObject(held, wanted) &&
    sameJson(held.spec, wanted.spec) &&
    !hasIstioKeys(held.metadata) &&
    covers(held.metadata.labels, wanted.metadata.labels) &&
    covers(held.metadata.annotations, wanted.metadata.annotations) &&
    ownersHold(held.metadata, wanted.metadata)
  );
}

export function sameObject(a: IstioObject, b: IstioObject): boolean {
  return a.kind === b.kind && a.metadata.name === b.metadata.name && a.metadata.namespace === b.metadata.namespace;
}

export function refOf({ kind, metadata }: IstioObject): ObjectRef {
  return { kind, name: metadata.name, namespace: metadata.namespace ?? 'default' };
}

type Words = Readonly<Record<string, string>> | undefined;

function covers(held: Words = {}, wanted: Words = {}): boolean {
  return Object.entries(wanted).every(([key, value]) => held[key] === value);
}

/** Labels and annotations of Istio itself, none of which we write. */
const ISTIO_KEY = /(^|\.)istio\.io\//;

function hasIstioKeys({ labels, annotations }: ObjectMeta): boolean {
  return Object.keys({ ...labels, ...annotations }).some((key) => ISTIO_KEY.test(key));
}

/** The object as it was before somebody added labels or annotations of Istio; itself when nobody did. */
export function withoutIstioKeys(object: IstioObject): IstioObject {
  if (!hasIstioKeys(object.metadata)) return object;
  const { name, namespace, labels, annotations, ownerReferences } = object.metadata;
  return {
    ...object,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      labels: withoutKeys(labels),
      annotations: withoutKeys(annotations),
      ...(ownerReferences !== undefined && { ownerReferences }),
    },
  };
}

function withoutKeys(words: Words = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(words).filter(([key]) => !ISTIO_KEY.test(key)));
}

function ownersHold(held: ObjectMeta, wanted: ObjectMeta): boolean {
  return (wanted.ownerReferences ?? []).every((owner) =>
    (held.ownerReferences ?? []).some((present) => sameJson(present, owner)),
  );
}

type Named = { readonly kind: string; readonly metadata: { readonly name: string } };

/** An order that depends on nothing but the objects' identities. */
export function byName(a: Named, b: Named): number {
  const [left, right] = [`${a.kind}/${a.metadata.name}`, `${b.kind}/${b.metadata.name}`];
  return left < right ? -1 : left > right ? 1 : 0;
}
