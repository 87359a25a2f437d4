import type { KubeObject } from '@sekisho/kube';
import { attaches, byRouteAge } from './attachment.ts';
import type { RouteFacts } from './destination.ts';
import { moreSpecific, type ReadyMatch, type RouteQuery, readyMatch } from './match.ts';
import { isRefused } from './refused.ts';
import { type Rewrite, rewriteOf } from './rewrite.ts';
import { type Arrival, Sections } from './sections.ts';
import { type HttpRouteRule, type Listener, readGateway, readHttpRoute } from './shapes.ts';

/** Where a rule sends what it matches: found out once, when the table is made. */
export interface RouteEntry<D> {
  readonly destination: D;
  /** Undefined: the path stays as it is. */
  readonly rewrite: Rewrite | undefined;
}

export interface RouteTable<D> {
  /**
   * The rules of which one takes the request: mostly one or none. Several only where a rule that comes first may or may not
   * match, or where it is not known at which listener the request came; whoever asks must be content with each of them.
   */
  find(arrival: Arrival, query: RouteQuery): readonly RouteEntry<D>[];
}

export interface RouteSource<D> {
  readonly gateway: KubeObject;
  /** Of the whole cluster, in any order. */
  readonly routes: readonly KubeObject[];
  /** Labels of a namespace. */
  readonly labelsOf: (namespace: string) => Readonly<Record<string, string>> | undefined;
  /** Headers that Envoy sends along, in lower case. */
  readonly visibleHeaders: ReadonlySet<string>;
  readonly resolve: (rule: HttpRouteRule, route: RouteFacts) => D;
}

interface Entry<D> extends RouteEntry<D> {
  readonly match: ReadyMatch;
}

const EVERYTHING = [{}];

/** Routing of one Gateway as istiod makes it: at each virtual host the rules of all routes, from the most specific on. */
export function routeTable<D>(source: RouteSource<D>): RouteTable<D> {
  const listeners = (readGateway(source.gateway.spec)?.listeners ?? []).filter(isServed);
  const sections = new Sections<Entry<D>>(listeners);
  for (const route of [...source.routes].sort(byRouteAge)) addRoute(sections, { route, listeners }, source);
  for (const entries of sections.values()) entries.sort((a, b) => moreSpecific(a.match, b.match));
  return {
    find(arrival, query) {
      const found = sections.find(arrival);
      const [only] = found;
      // Mostly so: then no rule is there twice.
      if (only !== undefined && found.length === 1) return candidates(only, query);
      return [...new Set(found.flatMap((entries) => candidates(entries, query)))];
    },
  };
}

/** Of an HTTPS listener without `tls` istiod makes nothing (`buildListener`): who asks for its server name comes to another one. */
function isServed({ protocol, tls }: Listener): boolean {
  return protocol !== 'HTTPS' || tls !== undefined;
}

interface Joining {
  readonly route: KubeObject;
  readonly listeners: readonly Listener[];
}

function addRoute<D>(sections: Sections<Entry<D>>, { route, listeners }: Joining, source: RouteSource<D>): void {
  const spec = readHttpRoute(route.spec);
  const namespace = route.metadata.namespace ?? '';
  const gateway = { namespace: source.gateway.metadata.namespace ?? '', name: source.gateway.metadata.name };
  const attaching = { gateway, namespace, labels: source.labelsOf(namespace) };
  const joined = listeners.filter((listener) => attaches(spec?.parentRefs ?? [], listener, attaching));
  if (spec === undefined || joined.length === 0) return;
  const { rules = [] } = spec;
  const facts = { namespace, name: route.metadata.name, isRefused: isRefused(rules) };
  const entries = rules.flatMap((rule) => entriesOf(rule, facts, source));
  sections.add(joined, spec.hostnames ?? [], entries);
}

function entriesOf<D>(rule: HttpRouteRule, route: RouteFacts, source: RouteSource<D>): Entry<D>[] {
  const destination = source.resolve(rule, route);
  const { matches = EVERYTHING, filters = [] } = rule;
  return (matches.length === 0 ? EVERYTHING : matches).map((one) => {
    const match = readyMatch(one, source.visibleHeaders);
    return { match, destination, rewrite: rewriteOf(filters, match.prefix) };
  });
}

function candidates<D>(entries: readonly Entry<D>[], query: RouteQuery): readonly RouteEntry<D>[] {
  const found: RouteEntry<D>[] = [];
  for (const entry of entries) {
    const verdict = entry.match.verdict(query);
    if (verdict !== 'no') found.push(entry);
    if (verdict === 'yes') break;
  }
  return found;
}
