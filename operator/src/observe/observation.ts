import { type Change, keyOf, pause } from '@sekisho/kube';
import type { Mesh, MeshFacts } from '@sekisho/policy';
import type { CacheOptions, CacheViews } from '../caches.ts';
import { keysOfForeign, keysOfRelabelled, keysOfService, keysOfWorkload } from './keys.ts';
import type { MeshConfigSource } from './mesh-config.ts';
import { createObserved, informersOf, type Observed, type ObservedViews } from './observed.ts';
import { workloadProxyOf } from './prune.ts';

export interface ObservationOptions extends CacheOptions {
  readonly mesh: MeshFacts;
  readonly meshConfig: MeshConfigSource;
  /** Which policies to look at again. */
  readonly onConcerned: (keys: readonly string[]) => void;
  /** Which policies select a workload from now on that ran before, by the id of its proxy. */
  readonly onRelabelled: (keys: readonly string[], id: string) => void;
}

/**
 * The mesh config and what stands around policies. A mesh in which these cannot be read must not be left without its policies:
 * what is not known is left open, and said when it comes to be known.
 */
export interface Observation {
  mesh(): Mesh;
  /** Undefined until all of it was listed. */
  observed(): ObservedViews | undefined;
  /** Runs until `signal` aborts; never throws. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when all is known, true, or when waiting longer would hold up policies, false. */
  settled(signal: AbortSignal): Promise<boolean>;
}

const PATIENCE_MS = 10_000;

export function createObservation(options: ObservationOptions, caches: CacheViews): Observation {
  const { mesh, meshConfig, onConcerned, onRelabelled } = options;
  const observed = createObserved(options);
  const informers = informersOf(observed);
  const known = { all: false };
  const everyPolicy = () => caches.policies.store.list().map(({ metadata }) => keyOf(metadata));
  const whenKnown = (keysOf: (change: Change) => readonly string[]) => (change: Change) => {
    if (known.all) onConcerned(keysOf(change));
  };
  route(observed, caches, { whenKnown, onRelabelled, rootNamespace: mesh.rootNamespace });
  meshConfig.subscribe(() => onConcerned(everyPolicy()));
  const synced = Promise.all([meshConfig.synced(), ...informers.map((informer) => informer.synced())]).then(() => {
    known.all = true;
    onConcerned(everyPolicy());
    return true;
  });
  return {
    mesh: () => ({ ...mesh, ...meshConfig.state }),
    observed: () => (known.all ? observed : undefined),
    async run(signal) {
      await Promise.all([meshConfig.run(signal), ...informers.map((informer) => informer.run(signal))]);
    },
    settled: (signal) => Promise.race([synced, pause(options.clock, PATIENCE_MS, signal).then(() => false)]),
  };
}

interface Routing {
  readonly whenKnown: (keysOf: (change: Change) => readonly string[]) => (change: Change) => void;
  readonly onRelabelled: ObservationOptions['onRelabelled'];
  readonly rootNamespace: string;
}

function route(observed: Observed, caches: CacheViews, routing: Routing): void {
  const { whenKnown, onRelabelled, rootNamespace } = routing;
  for (const informer of observed.workloads) {
    // Noted before the policies are looked at.
    informer.subscribe((change) => {
      if (change.after) onRelabelled(keysOfRelabelled(caches, change), workloadProxyOf(change.after).id);
    });
    informer.subscribe(whenKnown((change) => keysOfWorkload(caches, change)));
  }
  observed.services.subscribe(whenKnown((change) => keysOfService(caches, observed, change)));
  for (const informer of observed.foreign) {
    informer.subscribe(whenKnown((change) => keysOfForeign(caches, rootNamespace, change)));
  }
}
