import { type KubeObject, keyOf } from './object.ts';
import { type IndexFunction, StoreIndex } from './store-index.ts';
import { isOlderVersion } from './version.ts';

/** What happened to one key, by state and not by event: either side may be missing. */
export interface Change {
  readonly key: string;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}

/** The reading side: the last known state of one kind. Objects are frozen. */
export interface StoreView<Index extends string = never> {
  readonly size: number;
  get(key: string): KubeObject | undefined;
  list(): readonly KubeObject[];
  by(index: Index, value: string): readonly KubeObject[];
  /** Every value under which `by` finds something. */
  values(index: Index): Iterable<string>;
}

export class Store<Index extends string = never> implements StoreView<Index> {
  readonly #objects = new Map<string, KubeObject>();
  readonly #indexes: ReadonlyMap<Index, StoreIndex>;

  constructor(indexes: Readonly<Record<Index, IndexFunction>>) {
    const entries = Object.entries<IndexFunction>(indexes);
    // Object.entries widens the keys of a record to string.
    this.#indexes = new Map(entries.map(([name, valuesOf]) => [name as Index, new StoreIndex(valuesOf)]));
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  list(): readonly KubeObject[] {
    return [...this.#objects.values()];
  }

  by(index: Index, value: string): readonly KubeObject[] {
    const found: KubeObject[] = [];
    for (const key of this.#indexes.get(index)?.keys(value) ?? []) {
      const object = this.#objects.get(key);
      if (object !== undefined) found.push(object);
    }
    return found;
  }

  values(index: Index): Iterable<string> {
    return this.#indexes.get(index)?.values() ?? [];
  }

  /**
   * Takes an object over. Returns undefined when it is older than the one held, or the same: a controller records the answers
   * of its own writes, and the watch then delivers what happened before them, and them.
   */
  put(object: KubeObject): Change | undefined {
    const key = keyOf(object.metadata);
    const before = this.#objects.get(key);
    if (before && (isOlder(object, before) || isAgain(object, before))) return undefined;
    const after = prepare(object);
    this.#set(key, after);
    return { key, before, after };
  }

  /** Forgets an object; undefined when a newer one of its name is held. */
  remove(object: KubeObject): Change | undefined {
    const key = keyOf(object.metadata);
    const before = this.#objects.get(key);
    if (before && isOlder(object, before)) return undefined;
    this.#set(key, undefined);
    return { key, before: before ?? prepare(object), after: undefined };
  }

  /** Becomes exactly this list; returns what differs. */
  replace(objects: readonly KubeObject[]): readonly Change[] {
    const listed = new Map(objects.map((object) => [keyOf(object.metadata), object]));
    const changes: Change[] = [];
    for (const [key, before] of this.#objects) {
      if (listed.has(key)) continue;
      this.#set(key, undefined);
      changes.push({ key, before, after: undefined });
    }
    for (const [key, object] of listed) {
      const before = this.#objects.get(key);
      if (before && isSame(before, object)) continue;
      const after = prepare(object);
      this.#set(key, after);
      changes.push({ key, before, after });
    }
    return changes;
  }

  #set(key: string, object: KubeObject | undefined): void {
    const before = this.#objects.get(key);
    for (const index of this.#indexes.values()) {
      if (before) index.drop(before, key);
      if (object) index.add(object, key);
    }
    if (object) this.#objects.set(key, object);
    else this.#objects.delete(key);
  }
}

function isSame(a: KubeObject, b: KubeObject): boolean {
  return a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion;
}

/** The same version once more; without one nothing can be said. */
function isAgain(a: KubeObject, b: KubeObject): boolean {
  return a.metadata.resourceVersion !== undefined && isSame(a, b);
}

function isOlder(a: KubeObject, b: KubeObject): boolean {
  return isOlderVersion(a.metadata.resourceVersion, b.metadata.resourceVersion);
}

/** Without managedFields, which often are larger than the object, and frozen: readers share it. */
function prepare(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return deepFreeze({ ...object, metadata });
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
