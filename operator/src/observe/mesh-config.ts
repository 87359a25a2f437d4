import { type Clock, Informer, isRecord, pause } from '@sekisho/kube';
import { describeProblems, type Mesh, parseMeshConfig } from '@sekisho/policy';
import { parse } from 'yaml';
import { type CacheOptions, watching } from '../caches.ts';
import { CONFIG_MAPS } from '../resources.ts';

/** What is known of the mesh config: the last good one, and why there is no newer one. */
export type MeshConfigState = Pick<Mesh, 'config' | 'problem'>;

/** Where Istio's mesh config is read, and kept up to date. */
export interface MeshConfigSource {
  readonly state: MeshConfigState;
  /** Resolves when it was looked for once, found or not. */
  synced(): Promise<void>;
  /** Called after each change of the state. */
  subscribe(handler: () => void): void;
  /** Runs until `signal` aborts; never throws. */
  run(signal: AbortSignal): Promise<void>;
}

/** A file that istiod is given with `--meshConfig`, or the ConfigMap that it watches. */
export type MeshConfigPlace = { readonly file: string } | { readonly namespace: string; readonly name: string };

export function meshConfigSource(
  place: MeshConfigPlace,
  options: CacheOptions,
  readText: (path: string) => Promise<string>,
): MeshConfigSource {
  return 'file' in place
    ? meshConfigFromFile(options.clock, () => readText(place.file))
    : meshConfigFromMap(options, place);
}

/** A ConfigMap holds at most 1 MiB. */
const MAX_BYTES = 1024 * 1024;
/** Under this key istiod reads it (pilot/pkg/bootstrap/mesh.go). */
const KEY = 'mesh';

/** The part that both sources share. */
class Keeper {
  readonly #handlers: (() => void)[] = [];
  readonly #synced = Promise.withResolvers<void>();
  #text: string | undefined;
  state: MeshConfigState = {};

  synced(): Promise<void> {
    return this.#synced.promise;
  }

  subscribe(handler: () => void): void {
    this.#handlers.push(handler);
  }

  take(text: string): void {
    if (text !== this.#text) this.#become(read(text));
    this.#text = text;
    this.#synced.resolve();
  }

  /** istiod keeps its last config too, when it is told a wrong one or none. */
  fail(problem: string): void {
    this.#text = undefined;
    if (this.state.problem !== problem) this.#become({ problem });
    this.#synced.resolve();
  }

  #become(next: MeshConfigState): void {
    const { config } = this.state;
    this.state = next.config === undefined && config !== undefined ? { ...next, config } : next;
    for (const handler of this.#handlers) handler();
  }
}

/** No message repeats what is written there: other people's settings, which may hold anything. */
function read(text: string): MeshConfigState {
  if (text.length > MAX_BYTES) return { problem: `the mesh config is larger than ${MAX_BYTES} bytes` };
  try {
    const parsed = parseMeshConfig(parse(text));
    return parsed.ok
      ? { config: parsed.value }
      : { problem: `the mesh config: ${describeProblems(parsed.problems, 1)}` };
  } catch {
    return { problem: 'the mesh config is not YAML' };
  }
}

/** From the ConfigMap that istiod itself watches. */
export function meshConfigFromMap(
  options: CacheOptions,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): MeshConfigSource {
  const keeper = new Keeper();
  const missing = `ConfigMap ${namespace}/${name} has no key ${KEY}`;
  const informer = new Informer({
    ...watching(options, 'the mesh config'),
    resource: CONFIG_MAPS,
    namespace,
    fieldSelector: `metadata.name=${name}`,
    indexes: {},
  });
  informer.subscribe(({ after }) => {
    const text = after !== undefined && isRecord(after['data']) ? after['data'][KEY] : undefined;
    if (typeof text === 'string') keeper.take(text);
    else keeper.fail(missing);
  });
  return sourceOf(keeper, (signal) => {
    // An empty list brings no change that would tell of it.
    void informer.synced().then(() => informer.store.size === 0 && keeper.fail(missing));
    return informer.run(signal);
  });
}

/** From a file, read again every few seconds: for an istiod that is given one with `--meshConfig`. */
export function meshConfigFromFile(clock: Clock, readText: () => Promise<string>, everyMs = 5_000): MeshConfigSource {
  const keeper = new Keeper();
  return sourceOf(keeper, async (signal) => {
    while (!signal.aborted) {
      try {
        keeper.take(await readText());
      } catch {
        keeper.fail('the file MESH_CONFIG_FILE cannot be read');
      }
      await pause(clock, everyMs, signal);
    }
  });
}

function sourceOf(keeper: Keeper, run: MeshConfigSource['run']): MeshConfigSource {
  return {
    get state() {
      return keeper.state;
    },
    synced: () => keeper.synced(),
    subscribe: (handler) => keeper.subscribe(handler),
    run,
  };
}
