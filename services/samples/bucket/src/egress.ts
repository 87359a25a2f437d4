import type { Fetch } from '@sekisho/identity/client';
import { fetch, ProxyAgent } from 'undici';

export interface Egress {
  readonly fetch: Fetch;
  close(): Promise<void>;
}

/**
 * Calls through the sidecar's egress listener, for where traffic is not captured: it takes requests as a proxy does and routes
 * them by their host, without CONNECT.
 */
export function openEgress(proxy: URL): Egress {
  const dispatcher = new ProxyAgent({ uri: proxy.href, proxyTunnel: false, connections: 16 });
  return { fetch: (url, init) => fetch(url, { ...init, dispatcher }), close: () => dispatcher.close() };
}
