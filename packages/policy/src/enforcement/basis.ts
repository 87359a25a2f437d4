import { digest } from '../compile/digest.ts';
import { byName } from '../plan/holds.ts';
import { LABEL } from '../vocabulary.ts';

type Words = Readonly<Record<string, string>>;

/** What identifies one state of one generated object, in the API server as in istiod. */
export interface Identified {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly generation?: number;
    readonly labels?: Words;
    readonly annotations?: Words;
  };
}

/**
 * A digest of which objects there are and in which generation: it changes with every change of a spec, when an object is deleted and
 * made anew, and with what of the metadata istiod acts on (`istio.io/dry-run`), for that changes no generation. Equal in
 * whatever order they are listed.
 */
export function basisOf(objects: readonly Identified[]): string {
  const parts = [...objects]
    .sort(byName)
    .map(({ kind, metadata }) => [
      kind,
      metadata.name,
      metadata.uid ?? '',
      metadata.generation ?? 0,
      istioWords(metadata),
    ]);
  return digest(JSON.stringify(parts));
}

/** As pilot/pkg/model/config_compare.go tells what metadata is worth a push. */
function istioWords({ labels, annotations }: Identified['metadata']): readonly string[] {
  const words = [...Object.entries(labels ?? {}), ...Object.entries(annotations ?? {})];
  return words
    .filter(([key]) => key.includes('istio.io'))
    .map(([key, value]) => `${key}=${value}`)
    .sort();
}

/** Under what the objects of one policy are found among all others; undefined for one that is no generated object. */
export function groupOf({ metadata }: Identified): string | undefined {
  const policy = metadata.labels?.[LABEL.policy];
  return policy === undefined ? undefined : `${metadata.namespace ?? 'default'}/${policy}`;
}
