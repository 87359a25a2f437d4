import { readLines } from './body.ts';
import type { Clock } from './clock.ts';
import { deadline } from './deadline.ts';
import { KubeError } from './errors.ts';
import { isRecord, parseJson, textField } from './json.ts';
import { type KubeObject, toObject } from './object.ts';
import { apiVersionOf, pathOf, type Resource, withQuery } from './resource.ts';
import { errorOfReply, errorOfStatus } from './status.ts';
import type { Transport } from './transport.ts';

/** Larger than any object that etcd takes (1.5 MiB by default). */
const MAX_EVENT_BYTES = 8 * 1024 * 1024;

export type WatchQuery = {
  readonly resourceVersion: string;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** When the server shall end the watch. */
  readonly timeoutSeconds?: number | undefined;
  /** Silence after which the connection counts as dead. Bookmarks come about every minute. @default 150 s */
  readonly idleMs?: number | undefined;
};

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject }
  /** Nothing changed up to this version: a watch may go on from here. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export interface WatchCall {
  readonly resource: Resource;
  readonly query: WatchQuery;
  readonly signal?: AbortSignal | undefined;
}

/** See `KubeClient.watch`. */
export async function* watchEvents(transport: Transport, clock: Clock, call: WatchCall): AsyncGenerator<WatchEvent> {
  const { namespace, idleMs = 150_000, ...query } = call.query;
  const parameters = { ...query, watch: true, allowWatchBookmarks: true };
  const path = withQuery(pathOf(call.resource, { namespace }), parameters);
  const what = `WATCH ${path}`;
  using idle = deadline(clock, idleMs, what, call.signal);
  const headers = { accept: 'application/json' };
  const reply = await transport.send({ method: 'GET', path, lane: 'watch', headers, signal: idle.signal });
  if (reply.status !== 200) throw await errorOfReply(what, reply);
  for await (const line of readLines(touching(reply.body, idle.touch), MAX_EVENT_BYTES)) {
    yield toEvent(what, call.resource, parseJson(what, line));
  }
}

async function* touching(body: AsyncIterable<Uint8Array>, touch: () => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    touch();
    yield chunk;
  }
}

function toEvent(what: string, resource: Resource, raw: unknown): WatchEvent {
  if (!isRecord(raw)) throw new KubeError('malformed', `${what}: an event is no object`);
  const type = raw['type'];
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED': {
      const kind = { apiVersion: apiVersionOf(resource), kind: resource.kind };
      return { type, object: toObject(what, raw['object'], kind) };
    }
    case 'BOOKMARK':
      return { type, resourceVersion: versionOf(what, raw['object']) };
    case 'ERROR':
      throw errorOfEvent(what, raw['object']);
    default:
      throw new KubeError('malformed', `${what}: an event of an unknown type`);
  }
}

function versionOf(what: string, object: unknown): string {
  const meta = isRecord(object) && isRecord(object['metadata']) ? object['metadata'] : {};
  const version = textField(meta, 'resourceVersion');
  if (version === undefined) throw new KubeError('malformed', `${what}: a bookmark without a resourceVersion`);
  return version;
}

function errorOfEvent(what: string, object: unknown): Error {
  const status = isRecord(object) && typeof object['code'] === 'number' ? object['code'] : 500;
  return errorOfStatus(what, status, object);
}
