import { noteOf, regionsBehind } from '../keys/holders.ts';
import type { KeysRead, NewKey, StoredKey } from '../keys/key-store.ts';
import { isNewcomer } from '../keys/newcomer.ts';
import type { KeyRegion } from '../keys/region.ts';
import { nextStep, type RotationRules, type Spread, type Step } from '../keys/rotation.ts';
import { fresh, keyMaker, oneOf, rules } from './key-world.ts';
import { type MemoryKeys, memoryKeys } from './memory-keys.ts';

/*
 * Regions on one database, each with replicas that look at the keys when they like, decide and note by what they read some time ago,
 * and publish and sign by what they last read. The mesh of a region fetches the keys from one of them, or has an answer that a cache
 * kept, and holds them until it fetches again; it says what it holds, as the status of a TokenIssuer does.
 */
export type RegionEvent =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'look' | 'act' | 'note' | 'cache' | 'fetch'; readonly replica: number }
  | { readonly kind: 'rotate' | 'lose'; readonly region: number };

interface Replica {
  readonly place: Place;
  view: (KeysRead & { readonly at: number }) | undefined;
}

interface Place {
  readonly region: KeyRegion;
  readonly rules: RotationRules;
  readonly store: MemoryKeys;
  /** Keys that the mesh holds, and since when. */
  mesh: ReadonlyMap<string, number>;
  /** What a cache may still answer. */
  cached: { readonly at: number; readonly kids: readonly string[] } | undefined;
}

export class RegionsWorld {
  now = 0;
  readonly places: readonly Place[];
  readonly replicas: readonly Replica[];
  readonly lost = new Set<string>();
  /** Keys that had to sign although not all held them. */
  readonly atOnce = new Set<string>();
  readonly #newKey = keyMaker();

  /** @param names of the regions, each with two replicas */
  constructor(names: readonly string[]) {
    const rows: MemoryKeys['rows'] = new Map();
    this.places = names.map((name, at) => {
      const region = { name, others: names.filter((other) => other !== name), isFirst: at === 0 };
      const store = memoryKeys(() => this.now, { region, rows });
      return { region, store, rules: { ...rules, region: name }, mesh: new Map(), cached: undefined };
    });
    this.replicas = this.places.flatMap((place) => [0, 1].map(() => ({ place, view: undefined })));
  }

  async apply(event: RegionEvent): Promise<void> {
    switch (event.kind) {
      case 'pass':
        this.now += event.ms;
        return;
      case 'look':
        return this.look(this.replica(event.replica));
      case 'act':
        return this.act(this.replica(event.replica));
      case 'note':
        return this.note(this.replica(event.replica));
      case 'cache':
        return this.cache(this.replica(event.replica));
      case 'fetch':
        return this.fetch(this.replica(event.replica));
      case 'rotate':
        return void (await this.place(event.region).store.requestRotation());
      case 'lose':
        this.lost.add(this.place(event.region).region.name);
    }
  }

  replica(index: number): Replica {
    return oneOf(this.replicas, index);
  }

  place(index: number): Place {
    return oneOf(this.places, index);
  }

  async look(replica: Replica): Promise<void> {
    replica.view = { at: this.now, ...(await replica.place.store.read()) };
  }

  /** By what was last read, which may be long ago: a process can be frozen between reading and writing. */
  async act({ view, place }: Replica): Promise<void> {
    if (view === undefined) return;
    const next = view.keys.find(({ state }) => state === 'next');
    const behind = next === undefined ? [] : regionsBehind(next, place.region, [...this.lost]);
    const facts = { rules: place.rules, now: view.now, behind, isNewcomer: isNewcomer(view, place.rules) };
    await this.execute(
      place,
      nextStep(view.keys, { ...facts, spread: this.spread(place, next?.kid) }),
      facts.isNewcomer,
    );
  }

  async note({ view, place }: Replica): Promise<void> {
    if (view === undefined) return;
    for (const key of [...view.keys, ...view.others].filter(({ state }) => state === 'next')) {
      const facts = { region: place.region.name, rules: place.rules, now: view.now };
      const note = noteOf(key, { ...facts, spread: this.spread(place, key.kid) });
      if (note !== undefined) await place.store.note(key.kid, note);
    }
  }

  async execute({ store, region }: Place, step: Step, waits: boolean): Promise<void> {
    switch (step.kind) {
      case 'start': {
        const key = this.newKey(region.name);
        if (await store.start(key)) this.atOnce.add(key.kid);
        return;
      }
      case 'prepare':
        return void (await store.prepare(this.newKey(region.name), step.active));
      case 'promote':
        if (step.replaces === undefined && !waits) this.atOnce.add(step.kid);
        return void (await store.promote(step.kid, step.replaces));
      case 'retire':
        return void (await store.retire(step.kid));
      case 'discard':
      case 'relieve':
      case 'lengthen':
        throw new Error(`there is nothing to ${step.kind} here`);
      case 'rest':
    }
  }

  newKey(region: string): NewKey {
    const key = this.#newKey();
    return { ...key, kid: `${region}.${key.kid}` };
  }

  fresh({ view }: Replica): KeysRead | undefined {
    return fresh(view, this.now);
  }

  spread({ mesh }: Place, kid = ''): Spread {
    const since = mesh.get(kid);
    return since === undefined ? { kind: 'missing', reason: 'not_listed' } : { kind: 'held', forMs: this.now - since };
  }

  cache(replica: Replica): void {
    const view = this.fresh(replica);
    if (view !== undefined) replica.place.cached = { at: this.now, kids: kidsOf(view) };
  }

  /** A cache answers for as long as it may. */
  fetch(replica: Replica): void {
    const { place } = replica;
    const view = this.fresh(replica);
    const isCached = place.cached !== undefined && this.now - place.cached.at <= rules.cacheMs;
    const kids = isCached ? place.cached?.kids : view && kidsOf(view);
    if (kids !== undefined) place.mesh = new Map(kids.map((kid) => [kid, place.mesh.get(kid) ?? this.now]));
  }

  /** What must never be, and is: a key signs, and the mesh of a region does not hold it. */
  wrongs(): readonly string[] {
    const signing = this.replicas.flatMap((replica) => activeOf(this.fresh(replica)?.keys ?? []));
    return signing
      .filter((kid) => !this.atOnce.has(kid))
      .flatMap((kid) =>
        this.places.flatMap(({ region: { name }, mesh }) =>
          mesh.has(kid) || this.lost.has(name) ? [] : `${kid} is missing in ${name}`,
        ),
      );
  }
}

function kidsOf({ keys, others }: KeysRead): readonly string[] {
  return [...keys, ...others].map(({ kid }) => kid);
}

export function activeOf(keys: readonly StoredKey[]): readonly string[] {
  return keys.flatMap(({ kid, state }) => (state === 'active' ? kid : []));
}
