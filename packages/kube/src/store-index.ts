import type { KubeObject } from './object.ts';

/** Values under which an object is found: owner uids, a namespace, ... */
export type IndexFunction = (object: KubeObject) => readonly string[];

/** Keys of objects by value. Most values are of one object: a set for each would take more memory than the index is worth. */
export class StoreIndex {
  readonly #valuesOf: IndexFunction;
  readonly #keys = new Map<string, string | Set<string>>();

  constructor(valuesOf: IndexFunction) {
    this.#valuesOf = valuesOf;
  }

  add(object: KubeObject, key: string): void {
    for (const value of this.#valuesOf(object)) {
      const held = this.#keys.get(value);
      if (held === undefined) this.#keys.set(value, key);
      else if (typeof held !== 'string') held.add(key);
      else if (held !== key) this.#keys.set(value, new Set([held, key]));
    }
  }

  drop(object: KubeObject, key: string): void {
    for (const value of this.#valuesOf(object)) {
      const held = this.#keys.get(value);
      if (held === key) this.#keys.delete(value);
      if (held === undefined || typeof held === 'string') continue;
      held.delete(key);
      if (held.size === 0) this.#keys.delete(value);
    }
  }

  keys(value: string): Iterable<string> {
    const held = this.#keys.get(value);
    if (held === undefined) return [];
    return typeof held === 'string' ? [held] : held;
  }

  values(): Iterable<string> {
    return this.#keys.keys();
  }
}
