import type { Clock } from '@sekisho/kube';

/** A replica that stands by remembers for so long what the one that leads may not have come to. */
const MEMORY_MS = 600_000;

/**
 * Workloads that ran before a policy selected them, by the policy's key. A proxy that starts begins with what istiod holds; one that
 * runs serves on as before, until istiod has told it.
 */
export class Relabelled {
  readonly #clock: Clock;
  /** The oldest first. */
  readonly #notes = new Map<string, { readonly at: number; readonly ids: ReadonlySet<string> }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(key: string, id: string): void {
    const at = this.#clock.monotonic();
    for (const [old, note] of this.#notes) {
      if (at - note.at < MEMORY_MS) break;
      this.#notes.delete(old);
    }
    const ids = new Set(this.#notes.get(key)?.ids).add(id);
    this.#notes.delete(key);
    this.#notes.set(key, { at, ids });
  }

  of(key: string): readonly string[] {
    return [...(this.#notes.get(key)?.ids ?? [])];
  }

  /** To be called when a status was written that rests on none of what was proven before. */
  forget(key: string, ids: readonly string[]): void {
    const note = this.#notes.get(key);
    if (note === undefined) return;
    const left = new Set(note.ids);
    for (const id of ids) left.delete(id);
    if (left.size === 0) this.#notes.delete(key);
    else this.#notes.set(key, { ...note, ids: left });
  }
}
