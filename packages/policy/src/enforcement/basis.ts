import { digest } from '../compile/digest.ts';
import { byName } from '../plan/holds.ts';
import { LABEL } from '../vocabulary.ts';

/** What identifies one state of one generated object, in the API server as in istiod. */
export interface Identified {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

/**
 * A digest of which objects there are and in which generation: it changes with every change of a spec, and when an object is
 * deleted and made anew. Equal in whatever order they are listed.
 */
export function basisOf(objects: readonly Identified[]): string {
  const parts = [...objects]
    .sort(byName)
    .map(({ kind, metadata: { name, uid, generation } }) => [kind, name, uid ?? '', generation ?? 0]);
  return digest(JSON.stringify(parts));
}

/** Under what the objects of one policy are found among all others; undefined for one that is no generated object. */
export function groupOf({ metadata }: Identified): string | undefined {
  const policy = metadata.labels?.[LABEL.policy];
  return policy === undefined ? undefined : `${metadata.namespace ?? 'default'}/${policy}`;
}
