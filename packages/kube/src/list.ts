import { KubeError } from './errors.ts';
import { isRecord, textField } from './json.ts';
import { type KubeObject, toObject } from './object.ts';
import { apiVersionOf, type Resource } from './resource.ts';

export type ListQuery = {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
};

export interface ObjectList {
  readonly items: readonly KubeObject[];
  /** Where a watch may start. */
  readonly resourceVersion: string;
  /** Token of the next page, while there is one. */
  readonly continue?: string | undefined;
}

/** Checks a decoded list. Items carry apiVersion and kind, also where the server left them out. */
export function toList(what: string, resource: Resource, raw: unknown): ObjectList {
  const items = isRecord(raw) ? raw['items'] : undefined;
  const meta = isRecord(raw) && isRecord(raw['metadata']) ? raw['metadata'] : undefined;
  const resourceVersion = meta && textField(meta, 'resourceVersion');
  if (!Array.isArray(items) || meta === undefined || resourceVersion === undefined) {
    throw new KubeError('malformed', `${what}: the answer is no list`);
  }
  const type = { apiVersion: apiVersionOf(resource), kind: resource.kind };
  return {
    items: items.map((item) => toObject(what, item, type)),
    resourceVersion,
    continue: textField(meta, 'continue'),
  };
}
