/** At most so many entries; of more, the one that was written or read by `get` least recently is forgotten. */
export class RecentMap<V> {
  readonly #entries = new Map<string, V>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.#keep(key, value);
    return value;
  }

  /** Without counting as a use: for what is read much more often than written, and written again before it is old. */
  peek(key: string): V | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: V): void {
    this.#keep(key, value);
    const oldest = this.#entries.size > this.#max ? this.#entries.keys().next().value : undefined;
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  #keep(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
  }
}
