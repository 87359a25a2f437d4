import { createHash } from 'node:crypto';
import type { Plan } from '@sekisho/policy';

/**
 * Digests of what was last seen in force for each policy key. A plan that asks for the same, and yet has something to
 * do, mends what somebody else did. After a restart the first plan of a key tells nothing.
 */
export class Baselines {
  readonly #digests = new Map<string, string>();

  isRepair(key: string, planned: Plan): boolean {
    const busy = planned.apply.length + planned.remove.length > 0;
    return busy && this.#digests.get(key) === digestOf(planned);
  }

  keep(key: string, planned: Plan): void {
    this.#digests.set(key, digestOf(planned));
  }

  forget(key: string): void {
    this.#digests.delete(key);
  }
}

/** Plans are deterministic: the same objects in the same order, but for the order of writing. */
function digestOf({ desired }: Plan): string {
  const parts = desired.map((object) => JSON.stringify(object)).sort();
  return createHash('sha256').update(parts.join('\n')).digest('base64');
}
