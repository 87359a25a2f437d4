/** As a wildcard, every host. */
export const ANY_HOST = '*';

/**
 * The hosts that a route serves at a listener: what both name (Gateway API, HTTPRouteSpec.hostnames).
 * @param listener in lower case
 * @param route empty: whatever the listener serves
 */
export function servedHosts(listener: string, route: readonly string[]): readonly string[] {
  if (route.length === 0) return [listener];
  return route.flatMap((host) => intersection(listener, host.toLowerCase()) ?? []);
}

function intersection(a: string, b: string): string | undefined {
  if (covers(a, b)) return b;
  return covers(b, a) ? a : undefined;
}

/**
 * Of the hosts that a route serves at a listener those that a narrower one of the same port and protocol does not cover: they are that one's
 * alone (Gateway API, listener isolation; `hostnameAllowedByIsolation` of istiod).
 * @param others hostnames of those listeners, in lower case
 */
export function hostsLeft(listener: string, hosts: readonly string[], others: readonly string[]): readonly string[] {
  if (!listener.startsWith('*')) return hosts;
  const narrower = others.filter((other) => other !== listener && other.length >= listener.length);
  return hosts.filter((host) => !narrower.some((other) => covers(other, host)));
}

/** `*.example.com` covers every name below example.com, and not example.com itself. */
function covers(wide: string, narrow: string): boolean {
  if (wide === ANY_HOST || wide === narrow) return true;
  return wide.startsWith('*.') && narrow.replace(/^\*/, '').endsWith(wide.slice(1));
}

/** Things by host, found as Envoy finds a virtual host: the name itself, then the longest wildcard, then everything. */
export class HostMap<T> {
  readonly #byHost = new Map<string, T>();

  /** What stands under exactly this host or wildcard, made at first. */
  at(host: string, make: () => T): T {
    const known = this.#byHost.get(host);
    if (known !== undefined) return known;
    const made = make();
    this.#byHost.set(host, made);
    return made;
  }

  values(): Iterable<T> {
    return this.#byHost.values();
  }

  /** @param host in lower case, without a port */
  find(host: string): T | undefined {
    const exact = this.#byHost.get(host);
    if (exact !== undefined) return exact;
    // A wildcard stands for one character at least: `.example.com` is no name below example.com.
    for (let dot = host.indexOf('.', 1); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const wildcard = this.#byHost.get(`*${host.slice(dot)}`);
      if (wildcard !== undefined) return wildcard;
    }
    return this.#byHost.get(ANY_HOST);
  }
}

const WITH_PORT = /^(\[[0-9a-f:.]+\]|[^:]*)(?::(\d{1,5}))?$/;
const MAX_PORT = 65_535;

/**
 * The host of an authority (RFC 3986 section 3.2), in lower case and without port; undefined for what is none, and for what Envoy
 * takes for another host: it looks for a name with its final dot, and for one with a port that there cannot be, as they stand.
 */
export function hostOf(authority: string): string | undefined {
  const [, host, port = '1'] = WITH_PORT.exec(authority.toLowerCase()) ?? [];
  const isPort = Number(port) >= 1 && Number(port) <= MAX_PORT;
  return host === undefined || host === '' || host.endsWith('.') || !isPort ? undefined : host;
}
