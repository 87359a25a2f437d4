import { ANY_HOST, HostMap, hostsLeft, servedHosts } from './hostname.ts';
import type { Listener } from './shapes.ts';

/** How a request came to a Gateway. */
export interface Arrival {
  /** undefined when it is not known. */
  readonly scheme: Scheme | undefined;
  /** In lower case, without a port. */
  readonly host: string;
  /** By which the client chose the listener (TLS SNI), in lower case; undefined without TLS, without SNI, and where Envoy does not tell. */
  readonly serverName: string | undefined;
}

export type Scheme = 'http' | 'https';

interface Section<T> {
  readonly scheme: Scheme;
  readonly port: number;
  /** Of an HTTPS listener; a wildcard where it takes several. */
  readonly serverName: string;
  readonly hosts: HostMap<T[]>;
}

const SCHEMES: ReadonlyMap<string, Scheme> = new Map([
  ['HTTP', 'http'],
  ['HTTPS', 'https'],
]);

/**
 * What of a Gateway shares its virtual hosts: all HTTP listeners of one port, and each HTTPS listener by itself, for istiod gives it a
 * filter chain and a route configuration of its own. Whichever `Host` a client sends, it stays at the listener that its server name chose.
 */
export class Sections<T> {
  readonly #byKey: ReadonlyMap<string, Section<T>>;
  readonly #ofScheme: Readonly<Record<Scheme, readonly Section<T>[]>>;
  /** HTTPS, one for each port. */
  readonly #byServerName: readonly HostMap<Section<T>>[];
  /** Hostnames of all listeners of a port and protocol. */
  readonly #together: ReadonlyMap<string, readonly string[]>;

  constructor(listeners: readonly Listener[]) {
    this.#together = new Map(
      [...Map.groupBy(listeners, portOf)].map(([port, others]) => [port, others.map(hostnameOf)]),
    );
    this.#byKey = new Map(listeners.flatMap((listener) => sectionOf<T>(listener)));
    const of = (scheme: Scheme) => [...this.#byKey.values()].filter((section) => section.scheme === scheme);
    this.#ofScheme = { http: of('http'), https: of('https') };
    const ports = Map.groupBy(this.#ofScheme.https, ({ port }) => port).values();
    this.#byServerName = [...ports].map(byServerName);
  }

  /** Adds to the virtual host of each host that a route serves at these listeners, once however many of them share it. */
  add(listeners: readonly Listener[], hostnames: readonly string[], things: readonly T[]): void {
    for (const [key, joined] of Map.groupBy(listeners, keyOf)) {
      const section = this.#byKey.get(key);
      const hosts = joined.flatMap((listener) => this.#hostsAt(listener, hostnames));
      for (const host of new Set(hosts)) section?.hosts.at(host, () => []).push(...things);
    }
  }

  /** What stands at each virtual host. */
  *values(): Iterable<T[]> {
    for (const { hosts } of this.#byKey.values()) yield* hosts.values();
  }

  /** The virtual hosts that may have been asked: to which port a request came Envoy does not say. */
  find(arrival: Arrival): readonly (readonly T[])[] {
    const found: (readonly T[])[] = [];
    for (const { hosts } of this.#asked(arrival)) {
      const things = hosts.find(arrival.host);
      if (things !== undefined) found.push(things);
    }
    return found;
  }

  #hostsAt(listener: Listener, hostnames: readonly string[]): readonly string[] {
    const own = hostnameOf(listener);
    return hostsLeft(own, servedHosts(own, hostnames), this.#together.get(portOf(listener)) ?? []);
  }

  #asked({ scheme, serverName }: Arrival): readonly Section<T>[] {
    // Envoy chooses a filter chain as it chooses a virtual host: by the name itself, the longest wildcard, then any.
    if (serverName !== undefined) return this.#byServerName.flatMap((names) => names.find(serverName) ?? []);
    if (scheme === undefined) return [...this.#byKey.values()];
    // Then the word is that of a trusted proxy, which ended TLS before the Gateway.
    if (scheme === 'https' && this.#ofScheme.https.length === 0) return this.#ofScheme.http;
    return this.#ofScheme[scheme];
  }
}

function sectionOf<T>(listener: Listener): readonly (readonly [string, Section<T>])[] {
  const scheme = SCHEMES.get(listener.protocol);
  if (scheme === undefined) return [];
  return [[keyOf(listener), { scheme, port: listener.port, serverName: hostnameOf(listener), hosts: new HostMap() }]];
}

function keyOf(listener: Listener): string {
  return listener.protocol === 'HTTPS' ? `${portOf(listener)} ${listener.name}` : portOf(listener);
}

function portOf({ protocol, port }: Listener): string {
  return `${protocol} ${port}`;
}

function hostnameOf({ hostname }: Listener): string {
  return hostname === undefined || hostname === '' ? ANY_HOST : hostname.toLowerCase();
}

function byServerName<T>(sections: readonly Section<T>[]): HostMap<Section<T>> {
  const names = new HostMap<Section<T>>();
  for (const section of sections) names.at(section.serverName, () => section);
  return names;
}
