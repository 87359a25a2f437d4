import type { Resource } from '@sekisho/kube';
import { GENERATED } from '../resources.ts';

/** Where objects of a generated kind live. */
export function resourceOf(kind: string): Resource {
  const resource = Object.values(GENERATED).find((one) => one.kind === kind);
  if (resource === undefined) throw new Error(`${kind} is not generated`);
  return resource;
}
