/**
 * A bounded map that forgets what was not used for longest, nearly: it keeps two halves, and when the younger one is full the elder one
 * goes. To use an entry costs a look-up; an exact order would cost each use two changes of the map.
 */
export class Recent<V> {
  readonly #half: number;
  #younger = new Map<string, V>();
  #elder = new Map<string, V>();

  /** @param maxEntries at least 2 */
  constructor(maxEntries: number) {
    this.#half = Math.max(1, Math.floor(maxEntries / 2));
  }

  get(name: string): V | undefined {
    const young = this.#younger.get(name);
    if (young !== undefined) return young;
    const old = this.#elder.get(name);
    if (old !== undefined) this.set(name, old);
    return old;
  }

  set(name: string, value: V): void {
    if (this.#younger.size >= this.#half && !this.#younger.has(name)) {
      this.#elder = this.#younger;
      this.#younger = new Map();
    }
    this.#elder.delete(name);
    this.#younger.set(name, value);
  }

  clear(): void {
    this.#younger.clear();
    this.#elder.clear();
  }
}
