import { createHash } from 'node:crypto';
import { microTime } from './lease.ts';
import type { Manifest } from './object.ts';
import type { Resource } from './resource.ts';

export const EVENTS: Resource = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
};

/** Something that happened to an object, for the people who own it. */
export interface EventFacts {
  readonly regarding: Manifest;
  readonly type: 'Normal' | 'Warning';
  /** Why, in CamelCase. */
  readonly reason: string;
  /** What was done, in CamelCase. */
  readonly action: string;
  /** For a person. Must hold no secret: everyone who may read the namespace's events sees it. */
  readonly note: string;
}

/** Who tells: a name like `auth.sekisho.dev/operator`, and which of its processes. */
export interface EventReporter {
  readonly controller: string;
  readonly instance: string;
}

/** The same facts again and again, told as one Event. Times are those of the wall clock. */
export interface EventSeries {
  readonly facts: EventFacts;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly count: number;
}

/** The API server refuses longer ones. @source k8s.io/kubernetes/pkg/apis/core/validation/events.go */
const MAX_NOTE_BYTES = 1_024;
const MAX_INSTANCE = 128;
/** Leaves room for the hash in the 253 characters of a name. */
const MAX_NAME = 230;

/** What belongs to one series: equal in everything that a reader sees. */
export function seriesKey({ regarding, type, reason, action, note }: EventFacts): string {
  const { uid, namespace, name } = regarding.metadata;
  return JSON.stringify([uid ?? [namespace, name], type, reason, action, note]);
}

/** The Event as the API server shall hold it; its name is the same for every count of one series. */
export function eventOf({ facts, firstAt, lastAt, count }: EventSeries, reporter: EventReporter): Manifest {
  const { regarding, type, reason, action, note } = facts;
  const { name, namespace, uid } = regarding.metadata;
  const hash = createHash('sha256')
    .update(`${seriesKey(facts)}${reporter.instance}${firstAt}`)
    .digest('hex');
  // Events of cluster-scoped objects live in the namespace "default".
  const metadata = { name: `${name.slice(0, MAX_NAME)}.${hash.slice(0, 16)}`, namespace: namespace ?? 'default' };
  const event = {
    apiVersion: `${EVENTS.group}/${EVENTS.version}`,
    kind: EVENTS.kind,
    metadata,
    eventTime: microTime(new Date(firstAt)),
    reportingController: reporter.controller,
    reportingInstance: reporter.instance.slice(-MAX_INSTANCE),
    regarding: { apiVersion: regarding.apiVersion, kind: regarding.kind, name, namespace, uid },
    type,
    reason,
    action,
    note: cut(note),
    ...(count > 1 && { series: { count, lastObservedTime: microTime(new Date(lastAt)) } }),
  };
  return event;
}

/** At most the bytes that the API server takes, and no half of a character. */
function cut(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= MAX_NOTE_BYTES) return note;
  let end = MAX_NOTE_BYTES - Buffer.byteLength('…');
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.toString('utf8', 0, end)}…`;
}
