import { isDeepStrictEqual } from 'node:util';
import { type Dispatcher, errors as httpErrors, Pool } from 'undici';
import { readText } from './body.ts';
import { type Clock, systemClock } from './clock.ts';
import type { CredentialSource, Credentials, TlsMaterial } from './credentials.ts';
import { KubeError } from './errors.ts';
import { kubeconfigCredentials } from './kubeconfig-credentials.ts';
import { type PodEnvironment, podCredentials } from './pod-credentials.ts';
import type { Call, Lane, Reply, Transport } from './transport.ts';

export interface ConnectOptions {
  /** Path of a kubeconfig. @default the ServiceAccount of `pod` */
  readonly kubeconfig?: string | undefined;
  readonly pod?: PodEnvironment | undefined;
  /** Connections for requests. @default 16 */
  readonly connections?: number;
  /** How long credentials are used before files are read again. @default 30 s */
  readonly credentialTtlMs?: number;
  readonly clock?: Clock;
}

const MAX_REFUSAL_BYTES = 64 * 1024;

/** Connections to the API server that a kubeconfig or the pod names. Throws `KubeError` `config`; opens nothing before the first call. */
export function connect(options: ConnectOptions = {}): Transport {
  return new Connection(credentialSource(options), options);
}

function credentialSource({ kubeconfig, pod }: ConnectOptions): CredentialSource {
  if (kubeconfig !== undefined) return kubeconfigCredentials(kubeconfig);
  if (pod !== undefined) return podCredentials(pod);
  throw new KubeError('config', 'no API server is known: this is no pod, and no kubeconfig is named');
}

/** Keep-alive pools, one per lane. They are made anew only when the TLS material changes. */
class Connection implements Transport {
  readonly #source: CredentialSource;
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #connections: number;
  #current: { readonly credentials: Credentials; readonly readAt: number } | undefined;
  #reading: Promise<Credentials> | undefined;
  #pools: { readonly tls: TlsMaterial; readonly lanes: Readonly<Record<Lane, Pool>> } | undefined;
  readonly #closing = new Set<Promise<void>>();

  constructor(source: CredentialSource, options: ConnectOptions) {
    this.#source = source;
    this.#clock = options.clock ?? systemClock;
    this.#ttlMs = options.credentialTtlMs ?? 30_000;
    this.#connections = options.connections ?? 16;
  }

  async send(call: Call): Promise<Reply> {
    const reply = await this.#exchange(call, await this.#credentials());
    if (reply.status !== 401) return reply;
    // A token may have been rotated since it was read: read again, once.
    const before = this.#current?.credentials.headers;
    this.#current = undefined;
    const renewed = await this.#credentials();
    if (isDeepStrictEqual(before, renewed.headers)) return reply;
    // Read, so that the connection can be used again.
    await readText(reply.body, MAX_REFUSAL_BYTES);
    return this.#exchange(call, renewed);
  }

  async close(): Promise<void> {
    const lanes = this.#pools ? Object.values(this.#pools.lanes) : [];
    this.#pools = undefined;
    await Promise.all([...lanes.map((pool) => pool.destroy()), ...this.#closing]);
  }

  async #credentials(): Promise<Credentials> {
    const current = this.#current;
    if (current && this.#clock.now() - current.readAt < this.#ttlMs) return current.credentials;
    this.#reading ??= this.#source.read().finally(() => {
      this.#reading = undefined;
    });
    const credentials = await this.#reading;
    this.#current = { credentials, readAt: this.#clock.now() };
    return credentials;
  }

  async #exchange(call: Call, credentials: Credentials): Promise<Reply> {
    const base = this.#source.server.pathname.replace(/\/$/, '');
    try {
      const pool = this.#lane(call.lane, credentials.tls);
      const dispatcher = call.check ? pool.compose(checked(call.check)) : pool;
      const request = dispatcher.request({
        method: call.method,
        path: base + call.path,
        headers: { ...call.headers, ...credentials.headers },
        body: call.body ?? null,
        signal: call.signal,
        // The caller's signal is the only clock: a watch is silent for minutes by design.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      const response = await abortable(request, call.signal);
      const retryAfterMs = retryAfter(response.headers['retry-after']);
      return { status: response.statusCode, retryAfterMs, body: translated(response.body, call.signal) };
    } catch (error) {
      throw networkError(error, call.signal);
    }
  }

  #lane(lane: Lane, tls: TlsMaterial): Pool {
    if (this.#pools && isDeepStrictEqual(this.#pools.tls, tls)) return this.#pools.lanes[lane];
    if (this.#pools) this.#retire(Object.values(this.#pools.lanes));
    const lanes = { request: this.#pool(tls, this.#connections), watch: this.#pool(tls, null) };
    this.#pools = { tls, lanes };
    return lanes[lane];
  }

  #pool(tls: TlsMaterial, connections: number | null): Pool {
    return new Pool(this.#source.server.origin, {
      connections,
      // One connection per watch is what a proxy in between understands best; HTTP/2 would put all on one.
      allowH2: false,
      keepAliveTimeout: 60_000,
      connect: { ...tls, timeout: 10_000, keepAlive: true, keepAliveInitialDelay: 30_000 },
    });
  }

  /** Old pools end when their last watch does. */
  #retire(pools: readonly Pool[]): void {
    for (const pool of pools) {
      const closed: Promise<void> = pool.close().finally(() => this.#closing.delete(closed));
      this.#closing.add(closed);
    }
  }
}

/** undici tells of an abort only once the request has a connection, which a dead server may keep from it for long. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** undici starts a request in the same turn in which it writes it to the socket. */
function checked(check: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart(controller, context) {
        check();
        handler.onRequestStart?.(controller, context);
      },
      onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
      onResponseStart: (...args) => handler.onResponseStart?.(...args),
      onResponseData: (...args) => handler.onResponseData?.(...args),
      onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
      onResponseError: (...args) => handler.onResponseError?.(...args),
    });
}

async function* translated(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw networkError(error, signal);
  }
}

function networkError(error: unknown, signal: AbortSignal): KubeError {
  if (error instanceof KubeError) return error;
  if (signal.aborted) {
    const reason: unknown = signal.reason;
    return reason instanceof KubeError ? reason : new KubeError('aborted', 'the call was aborted', { cause: reason });
  }
  const code = error instanceof httpErrors.ConnectTimeoutError ? 'timeout' : 'network';
  return new KubeError(code, `no answer from the API server: ${causeOf(error)}`, { cause: error });
}

/** The error's code (ECONNREFUSED, UND_ERR_SOCKET ...): its message may hold what was sent. */
function causeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown';
}

/** Kubernetes sends whole seconds; an HTTP date is left to our own back-off. */
function retryAfter(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined;
}
