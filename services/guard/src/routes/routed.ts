import { type Destination, sameDestination, type Target } from './destination.ts';
import type { RouteQuery } from './match.ts';
import type { RouteEntry, RouteTable } from './route-table.ts';
import type { Arrival } from './sections.ts';

/** Where a request goes. */
export type Routed =
  | { readonly kind: 'target'; readonly target: Target /** As the service sees it. */; readonly path: string }
  | { readonly kind: 'gateway' }
  /** Nothing was read of the cluster yet. */
  | { readonly kind: 'unread' }
  /** No route of any Gateway takes it. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'closed'; readonly why: string; readonly policy?: string };

export interface Asked {
  readonly arrival: Arrival;
  readonly query: RouteQuery;
}

const UNKNOWN: Routed = { kind: 'unknown' };
const AMBIGUOUS: Routed = {
  kind: 'closed',
  why: 'routes to different services fit, and what chooses between them is not told to the guard',
};

/** What all Gateways that could have been asked agree on. A wrong guess would open nothing, but sign a token for the wrong service. */
export function routed(tables: readonly RouteTable<Destination>[], { arrival, query }: Asked): Routed {
  let chosen: RouteEntry<Destination> | undefined;
  for (const table of tables) {
    for (const entry of table.find(arrival, query)) {
      if (chosen !== undefined && !agree(chosen, entry, query.path)) return AMBIGUOUS;
      chosen ??= entry;
    }
  }
  return chosen === undefined ? UNKNOWN : toRouted(chosen, query.path);
}

function agree(a: RouteEntry<Destination>, b: RouteEntry<Destination>, path: string): boolean {
  return sameDestination(a.destination, b.destination) && rewritten(a, path) === rewritten(b, path);
}

function rewritten({ rewrite }: RouteEntry<Destination>, path: string): string {
  return rewrite === undefined ? path : rewrite(path);
}

function toRouted(entry: RouteEntry<Destination>, path: string): Routed {
  const { destination } = entry;
  if (destination.kind !== 'target') return destination;
  return { kind: 'target', target: destination.target, path: rewritten(entry, path) };
}
