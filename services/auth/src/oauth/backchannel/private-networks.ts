import { promises as dns, type LookupAddress } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';

export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

export interface PrivateNetworksOptions {
  /** Addresses and networks (CIDR) of applications that may be told beside public ones; what they are not in stays as it is. */
  readonly networks: readonly string[];
  /** By which all other addresses are asked. */
  readonly fetch: typeof globalThis.fetch;
  /** @default the system's */
  readonly resolve?: Resolve;
}

/**
 * A fetch that also reaches these networks. oidc-provider cuts every connection to an address that is not public, so that who registers an
 * application cannot have the auth service speak to what only it can reach; which of these may be spoken to is for who runs it to say.
 * Of an answer there is the status alone, and a redirect is not followed.
 */
export function reachingNetworks({ networks, fetch, resolve = systemResolve }: PrivateNetworksOptions) {
  if (networks.length === 0) return fetch;
  const allowed = allowList(networks);
  const reaching: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const found = await unlessAborted(init?.signal, addressesOf(hostname, resolve));
    const known = found.filter((one) => isIn(allowed, one));
    return known.length === 0 ? fetch(input, init) : send(url, new Request(input, bare(init)), known);
  };
  return reaching;
}

const systemResolve: Resolve = (hostname) => dns.lookup(hostname, { all: true });

function allowList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

const isIn = (list: BlockList, { address, family }: LookupAddress): boolean =>
  list.check(address, family === 6 ? 'ipv6' : 'ipv4');

/** A name that is not known is for the other fetch to report. */
async function addressesOf(hostname: string, resolve: Resolve): Promise<readonly LookupAddress[]> {
  const family = isIP(hostname);
  if (family !== 0) return [{ address: hostname, family }];
  return resolve(hostname).catch(() => []);
}

function unlessAborted<T>(signal: AbortSignal | null | undefined, promise: Promise<T>): Promise<T> {
  if (signal === null || signal === undefined) return promise;
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return Promise.race([promise, aborted]);
}

/** The other dispatcher is the one that cuts. */
function bare(init: RequestInit = {}): RequestInit {
  return Object.fromEntries(Object.entries(init).filter(([name]) => name !== 'dispatcher'));
}

/** Connects to no other addresses than these, whatever the name leads to by now (DNS rebinding). */
async function send(url: URL, request: Request, addresses: readonly LookupAddress[]): Promise<Response> {
  const body = Buffer.from(await request.arrayBuffer());
  const { method, signal } = request;
  const headers = { ...Object.fromEntries(request.headers), 'content-length': String(body.length) };
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const options = { method, headers, signal, agent: false, lookup: pinned(addresses) };
  const sent = (url.protocol === 'http:' ? requestHttp : requestHttps)(url, options, (response) => {
    // A body could be of any length.
    response.destroy();
    const { statusCode: status = 0 } = response;
    if (isFinal(status)) resolve(new Response(null, { status }));
    else reject(new TypeError(`answered ${status}, which is a redirect or no status`));
  });
  sent.on('error', reject);
  // Node closes where the protocol is to be another one (101), and tells of no error.
  sent.on('close', () => reject(new TypeError('the connection was closed without an answer')));
  sent.end(body);
  return promise;
}

const isFinal = (status: number): boolean => (status >= 200 && status < 300) || (status >= 400 && status < 600);

function pinned(addresses: readonly LookupAddress[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    const [first] = addresses;
    if (all === true || first === undefined) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };
}
