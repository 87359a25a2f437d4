/** At most so many entries; of more, the one used least recently is forgotten. */
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
