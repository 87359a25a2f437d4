import { type Identified, LABEL } from '@sekisho/policy';
import { type Static, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { OperatorError } from '../errors.ts';

const text = Type.String({ maxLength: 4_096 });

const ConfigElement = Type.Object({
  kind: text,
  metadata: Type.Object({
    name: text,
    namespace: text,
    uid: text,
    generation: Type.Integer(),
    labels: Type.Record(Type.String(), Type.String()),
    annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
  }),
});

const LISTENERS = 'type.googleapis.com/envoy.config.listener.v3.Listener';

const Named = Type.Object({ proxy: Type.String() });

const SyncElement = Type.Object({
  listener_sent: Type.Optional(text),
  listener_acked: Type.Optional(text),
  resources: Type.Optional(Type.Record(Type.String(), Type.Object({ lastError: Type.Optional(Type.String()) }))),
});

/** What one replica of istiod knows of the listeners of one proxy that is connected to it. */
export interface ProxyRow {
  readonly id: string;
  /** When the configuration that was sent last was made, by istiod's clock, as the second in which that began; undefined: nothing was sent. */
  readonly madeAt: number | undefined;
  readonly acknowledged: boolean;
  /** Why Envoy refused what was sent last. */
  readonly error: string | undefined;
}

/** An element of `/debug/configz`; undefined when it is no generated object. */
export function generatedIn(element: Buffer): Identified | undefined {
  // Most of a mesh's configuration is of others: not worth parsing.
  if (!element.includes(LABEL.policy)) return undefined;
  const parsed = parse(element);
  return Value.Check(ConfigElement, parsed) ? identity(parsed) : undefined;
}

/** Not its spec: all policies that wait for the first time are looked for at once. */
function identity({ kind, metadata }: Static<typeof ConfigElement>): Identified {
  const { name, namespace, uid, generation, labels, annotations } = metadata;
  return { kind, metadata: { name, namespace, uid, generation, labels, ...(annotations && { annotations }) } };
}

/** An element of `/debug/syncz`; undefined when it is of no wanted proxy. @throws OperatorError `istiod_unreadable` */
export function proxyIn(element: Buffer, isWanted: (id: string) => boolean): ProxyRow | undefined {
  const parsed = parse(element);
  const { proxy: id } = checked(Named, parsed);
  if (!isWanted(id)) return undefined;
  const { listener_sent: sent = '', listener_acked: acked, resources } = checked(SyncElement, parsed);
  return {
    id,
    madeAt: sent === '' ? undefined : madeAt(sent),
    acknowledged: sent === acked,
    error: sent === acked ? undefined : resources?.[LISTENERS]?.lastError,
  };
}

/** A nonce begins with the push version: RFC 3339 time, slash, number (pilot/pkg/xds/discovery.go, NextVersion). */
const VERSION = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d))\//;

function madeAt(nonce: string): number {
  const time = Date.parse(VERSION.exec(nonce)?.[1] ?? '');
  if (Number.isNaN(time)) throw new OperatorError('istiod_unreadable', 'istiod names versions in another way');
  return time;
}

function checked<Schema extends TSchema>(schema: Schema, value: unknown): Static<Schema> {
  if (Value.Check(schema, value)) return value;
  throw new OperatorError('istiod_unreadable', 'istiod answered in another shape');
}

function parse(element: Buffer): unknown {
  try {
    return JSON.parse(element.toString('utf8'));
  } catch {
    throw new OperatorError('istiod_unreadable', 'istiod answered no JSON');
  }
}
