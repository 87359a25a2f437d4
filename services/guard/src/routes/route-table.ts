import type { KubeObject } from '@sekisho/kube';
import { attaches, byAge, type ObjectName } from './attachment.ts';
import { HostMap, servedHosts } from './hostname.ts';
import { moreSpecific, type ReadyMatch, type RouteQuery, readyMatch } from './match.ts';
import { type Rewrite, rewriteOf } from './rewrite.ts';
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
   * match; whoever asks must be content with each of them.
   * @param scheme undefined when it is not known
   * @param host in lower case, without a port
   */
  find(scheme: Scheme | undefined, host: string, query: RouteQuery): readonly RouteEntry<D>[];
}

export type Scheme = 'http' | 'https';

export interface RouteSource<D> {
  readonly gateway: KubeObject;
  /** Of the whole cluster, in any order. */
  readonly routes: readonly KubeObject[];
  /** Labels of a namespace. */
  readonly labelsOf: (namespace: string) => Readonly<Record<string, string>> | undefined;
  /** Headers that Envoy sends along, in lower case. */
  readonly visibleHeaders: ReadonlySet<string>;
  readonly resolve: (rule: HttpRouteRule, route: ObjectName) => D;
}

interface Entry<D> extends RouteEntry<D> {
  readonly match: ReadyMatch;
}

/** Listeners on one port share their virtual hosts, and share none with another port. */
interface Port<D> {
  readonly scheme: Scheme;
  readonly hosts: HostMap<Entry<D>[]>;
}

type Ports<D> = Map<string, Port<D>>;

const SCHEMES: ReadonlyMap<string, Scheme> = new Map([
  ['HTTP', 'http'],
  ['HTTPS', 'https'],
]);
const EVERYTHING = [{}];
const NOTHING: readonly never[] = [];

/**
 * Routing of one Gateway as istiod makes it: at each port one virtual host for each host, its rules from the most specific on.
 * To which port a request came Envoy does not say: what every port of its scheme would do counts.
 */
export function routeTable<D>(source: RouteSource<D>): RouteTable<D> {
  const ports: Ports<D> = new Map();
  for (const route of [...source.routes].sort(byAge)) addRoute(ports, route, source);
  for (const { hosts } of ports.values()) {
    for (const entries of hosts.values()) entries.sort((a, b) => moreSpecific(a.match, b.match));
  }
  const all = [...ports.values()];
  const [http, https] = [all.filter(({ scheme }) => scheme === 'http'), all.filter(({ scheme }) => scheme === 'https')];
  const of = { http, https } as const;
  return {
    find(scheme, host, query) {
      const asked = scheme === undefined ? all : of[scheme];
      const [only] = asked;
      // Mostly so: then no rule is there twice.
      if (only !== undefined && asked.length === 1) return candidates(only.hosts.find(host), query);
      return [...new Set(asked.flatMap(({ hosts }) => candidates(hosts.find(host), query)))];
    },
  };
}

function addRoute<D>(ports: Ports<D>, route: KubeObject, source: RouteSource<D>): void {
  const spec = readHttpRoute(route.spec);
  const listeners = readGateway(source.gateway.spec)?.listeners ?? [];
  const namespace = route.metadata.namespace ?? '';
  const gateway = { namespace: source.gateway.metadata.namespace ?? '', name: source.gateway.metadata.name };
  const attaching = { gateway, namespace, labels: source.labelsOf(namespace) };
  const joined = listeners.filter((listener) => attaches(spec?.parentRefs ?? [], listener, attaching));
  if (spec === undefined || joined.length === 0) return;
  const name = { namespace, name: route.metadata.name };
  const entries = (spec.rules ?? []).flatMap((rule) => entriesOf(rule, name, source));
  for (const { scheme, port, host } of places(joined, spec.hostnames ?? [])) {
    const key = `${scheme} ${port}`;
    const at: Port<D> = ports.get(key) ?? { scheme, hosts: new HostMap() };
    ports.set(key, at);
    at.hosts.at(host, () => []).push(...entries);
  }
}

function entriesOf<D>(rule: HttpRouteRule, route: ObjectName, source: RouteSource<D>): Entry<D>[] {
  const destination = source.resolve(rule, route);
  const { matches = EVERYTHING, filters = [] } = rule;
  return (matches.length === 0 ? EVERYTHING : matches).map((one) => {
    const match = readyMatch(one, source.visibleHeaders);
    return { match, destination, rewrite: rewriteOf(filters, match.prefix) };
  });
}

/** Each once, through however many listeners a route comes there. */
function places(listeners: readonly Listener[], hostnames: readonly string[]) {
  const found = new Map<string, { readonly scheme: Scheme; readonly port: number; readonly host: string }>();
  for (const { protocol, port, hostname } of listeners) {
    const scheme = SCHEMES.get(protocol);
    if (scheme === undefined) continue;
    for (const host of servedHosts(hostname, hostnames)) {
      found.set(`${scheme} ${port} ${host}`, { scheme, port, host });
    }
  }
  return found.values();
}

function candidates<D>(entries: readonly Entry<D>[] | undefined, query: RouteQuery): readonly RouteEntry<D>[] {
  if (entries === undefined) return NOTHING;
  const found: RouteEntry<D>[] = [];
  for (const entry of entries) {
    const verdict = entry.match.verdict(query);
    if (verdict !== 'no') found.push(entry);
    if (verdict === 'yes') break;
  }
  return found;
}
