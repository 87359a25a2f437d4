import { readText } from './body.ts';
import { type Clock, type Random, systemClock } from './clock.ts';
import { deadline } from './deadline.ts';
import { parseJson } from './json.ts';
import { type ListQuery, type ObjectList, toList } from './list.ts';
import { type KubeObject, type Manifest, type ObjectRef, toObject } from './object.ts';
import { pathOf, type Query, type Resource, withQuery } from './resource.ts';
import { DEFAULT_RETRY, type RetryOptions, retrying } from './retry.ts';
import { errorOfReply } from './status.ts';
import { type Table, toTable } from './table.ts';
import { type RateLimit, TokenBucket } from './token-bucket.ts';
import type { Call, Transport } from './transport.ts';
import { type WatchEvent, type WatchQuery, watchEvents } from './watch.ts';
import type { WriteGuard } from './write-guard.ts';

const JSON_TYPE = 'application/json';
/** JSON is YAML, so an apply body needs no YAML writer. */
const APPLY_TYPE = 'application/apply-patch+yaml';
/**
 * The default, Warn, spends 15 % of an apply on looking for unknown and duplicate fields, to tell of them in a header that nobody here
 * would read. An unknown field is dropped either way: who must know compares the answer.
 */
const APPLY_VALIDATION = { fieldValidation: 'Ignore' };
const TABLE_TYPE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

export interface ClientOptions {
  /** Who appears in managedFields and in the API server's audit log. */
  readonly fieldManager: string;
  /** For one try, answer included. @default 30 s */
  readonly timeoutMs?: number;
  /** Of one answer. @default 64 MiB */
  readonly maxBodyBytes?: number;
  readonly retry?: RetryOptions;
  /** Of requests, each try counted; watches are exempt. @default none */
  readonly rateLimit?: RateLimit | undefined;
  /** Asked before each write; reads need no right. @default none */
  readonly guard?: WriteGuard | undefined;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ApplyOptions extends CallOptions {
  /** Take over fields that another manager owns; without it they are a `ConflictError`. @default false */
  readonly force?: boolean;
}

export interface DeleteOptions extends CallOptions {
  /** Delete only this very object; another one of the same name is a `ConflictError`. */
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

type Request = Pick<Call, 'method' | 'path'> & {
  readonly accept?: string;
  readonly type?: string;
  readonly body?: unknown;
  /** May be repeated although the server could have carried it out. */
  readonly idempotent: boolean;
};

/** REST calls on one API server. Every method throws `KubeError` and its subclasses, nothing else. */
export class KubeClient {
  readonly #transport: Transport;
  readonly #options: Required<Omit<ClientOptions, 'rateLimit' | 'guard'>>;
  readonly #guard: WriteGuard | undefined;
  readonly #bucket: TokenBucket | undefined;

  constructor(transport: Transport, options: ClientOptions) {
    this.#transport = transport;
    this.#options = {
      timeoutMs: 30_000,
      maxBodyBytes: 64 * 1024 * 1024,
      retry: DEFAULT_RETRY,
      clock: systemClock,
      random: Math.random,
      ...options,
    };
    this.#guard = options.guard;
    this.#bucket = options.rateLimit && new TokenBucket(options.rateLimit, this.#options.clock);
  }

  async get(resource: Resource, ref: ObjectRef, options: CallOptions = {}): Promise<KubeObject> {
    return this.#object({ method: 'GET', path: pathOf(resource, ref), idempotent: true }, options.signal);
  }

  /** One page; `continue` in the answer leads to the next. Without a namespace: of all namespaces. */
  async page(resource: Resource, query: ListQuery = {}, options: CallOptions = {}): Promise<ObjectList> {
    const { namespace, ...rest } = query;
    const path = withQuery(pathOf(resource, { namespace }), rest);
    return toList(path, resource, await this.#json({ method: 'GET', path, idempotent: true }, options.signal));
  }

  /** All pages, of one resourceVersion. Throws `GoneError` when the list took longer than the server keeps its versions. */
  async list(resource: Resource, query: ListQuery = {}, options: CallOptions = {}): Promise<ObjectList> {
    const first = { limit: 500, ...query };
    let page = await this.page(resource, first, options);
    const items = [...page.items];
    while (page.continue !== undefined) {
      page = await this.page(resource, { ...first, continue: page.continue }, options);
      items.push(...page.items);
    }
    return { items, resourceVersion: page.resourceVersion };
  }

  /** Not repeated after an unclear failure: the object may exist then. */
  async create(resource: Resource, object: Manifest, options: CallOptions = {}): Promise<KubeObject> {
    const path = withQuery(pathOf(resource, { namespace: object.metadata.namespace }), this.#manager());
    return this.#object({ method: 'POST', path, body: object, type: JSON_TYPE, idempotent: false }, options.signal);
  }

  /** POST to a subresource (`token`, `eviction`, `binding`) of an object. */
  async createSub(
    resource: Resource,
    ref: ObjectRef & { readonly subresource: string },
    body: unknown,
    options: CallOptions = {},
  ): Promise<unknown> {
    const path = pathOf(resource, ref);
    return this.#json({ method: 'POST', path, body, type: JSON_TYPE, idempotent: false }, options.signal);
  }

  /** PUT: the object becomes exactly this. `metadata.resourceVersion`, when given, must still be the current one. */
  async replace(resource: Resource, object: Manifest, options: CallOptions = {}): Promise<KubeObject> {
    const path = withQuery(pathOf(resource, object.metadata), this.#manager());
    return this.#object({ method: 'PUT', path, body: object, type: JSON_TYPE, idempotent: true }, options.signal);
  }

  /**
   * Server-side apply: creates, or sets exactly the fields given here and removes those that this manager gave before.
   * A `metadata.uid` in the object makes it a precondition.
   */
  async apply(resource: Resource, object: Manifest, options: ApplyOptions = {}): Promise<KubeObject> {
    return this.#apply(pathOf(resource, object.metadata), object, options);
  }

  /** The same for the status subresource, which never creates: a missing object is a `NotFoundError`. */
  async applyStatus(
    resource: Resource,
    object: Manifest & { readonly status: unknown },
    options: ApplyOptions = {},
  ): Promise<KubeObject> {
    return this.#apply(pathOf(resource, { ...object.metadata, subresource: 'status' }), object, options);
  }

  async delete(resource: Resource, ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    const { uid, resourceVersion } = options;
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid, resourceVersion } };
    const path = pathOf(resource, ref);
    // Repeated without a uid it could hit a successor of the same name.
    const idempotent = uid !== undefined;
    await this.#json({ method: 'DELETE', path, body, type: JSON_TYPE, idempotent }, options.signal);
  }

  /** The columns that `kubectl get` prints. */
  async table(resource: Resource, query: ListQuery = {}, options: CallOptions = {}): Promise<Table> {
    const { namespace, ...rest } = query;
    const path = withQuery(pathOf(resource, { namespace }), rest);
    return toTable(
      path,
      await this.#json({ method: 'GET', path, accept: TABLE_TYPE, idempotent: true }, options.signal),
    );
  }

  /** Any path, as text: `/readyz`, `/version`, `/openapi/v2`. */
  async raw(path: string, options: CallOptions = {}): Promise<string> {
    return this.#text({ method: 'GET', path, accept: '*/*', idempotent: true }, options.signal);
  }

  /**
   * Changes after `resourceVersion`, until the server ends the watch. Throws `GoneError` when the version is too old,
   * `timeout` after `idleMs` without a byte, `network` on a cut connection. Never repeated here: see `Informer`.
   */
  watch(resource: Resource, query: WatchQuery, options: CallOptions = {}): AsyncGenerator<WatchEvent> {
    return watchEvents(this.#transport, this.#options.clock, { resource, query, signal: options.signal });
  }

  #manager(): Query {
    return { fieldManager: this.#options.fieldManager };
  }

  #apply(path: string, object: Manifest, options: ApplyOptions): Promise<KubeObject> {
    const query = { ...this.#manager(), force: options.force ?? false, ...APPLY_VALIDATION };
    const request = { method: 'PATCH', body: object, type: APPLY_TYPE, idempotent: true } as const;
    return this.#object({ ...request, path: withQuery(path, query) }, options.signal);
  }

  async #object(request: Request, signal: AbortSignal | undefined): Promise<KubeObject> {
    return toObject(`${request.method} ${request.path}`, await this.#json(request, signal));
  }

  async #json(request: Request, signal: AbortSignal | undefined): Promise<unknown> {
    return parseJson(`${request.method} ${request.path}`, await this.#text(request, signal));
  }

  #text(request: Request, signal: AbortSignal = NEVER): Promise<string> {
    const { retry, clock, random } = this.#options;
    const context = { idempotent: request.idempotent, clock, random, signal };
    return retrying(() => this.#attempt(request, signal), retry, context);
  }

  async #attempt(request: Request, parent: AbortSignal): Promise<string> {
    await this.#bucket?.take(parent);
    const guard = request.method === 'GET' ? undefined : this.#guard;
    guard?.check();
    const what = `${request.method} ${request.path}`;
    using limit = deadline(this.#options.clock, this.#options.timeoutMs, what, parent, guard?.signal);
    const reply = await this.#transport.send({
      method: request.method,
      path: request.path,
      lane: 'request',
      headers: {
        accept: request.accept ?? JSON_TYPE,
        ...(request.type !== undefined && { 'content-type': request.type }),
      },
      body: request.body === undefined ? undefined : JSON.stringify(request.body),
      signal: limit.signal,
      check: guard && (() => guard.check()),
    });
    if (reply.status < 200 || reply.status > 299) throw await errorOfReply(what, reply);
    // Awaited here: the deadline is disposed on return.
    return await readText(reply.body, this.#options.maxBodyBytes);
  }
}

const NEVER = new AbortController().signal;
