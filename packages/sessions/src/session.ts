import { DEVICE_PROPERTIES, type Device, deviceFingerprint } from './device.ts';
import { SessionError } from './errors.ts';

/** Milliseconds a session lives after its last access, unless a store is told otherwise. */
export const SESSION_TTL_MS = 7 * 24 * 60 * 60 * 1_000;

export interface NewSession {
  readonly userId: string;
  readonly device: Device;
  /** Address of the client as the server saw it. */
  readonly ip?: string;
  /** OAuth client that it is opened for: told when the session ends. */
  readonly clientId?: string;
}

/** It becomes a field of a notice that is separated by spaces. */
const CLIENT_ID = /^[!-~]{1,384}$/;

/** All times in milliseconds since the epoch. */
export interface Session extends NewSession {
  readonly id: string;
  readonly fingerprint: string;
  readonly createdAt: number;
  readonly lastAccessedAt: number;
  /** Slides with each access. */
  readonly expiresAt: number;
  /** Where it began, with several regions. */
  readonly region?: string;
}

/** What is known of a session that is to end. */
export type EndedSession = Pick<Session, 'id' | 'userId' | 'clientId'>;

/** @throws SessionError `session_invalid` */
export function newSession(id: string, from: NewSession, now: number, ttl: number): Session {
  if (from.clientId !== undefined && !CLIENT_ID.test(from.clientId)) {
    throw new SessionError(
      'session_invalid',
      'a client id must be 1 to 384 printable ASCII characters without a space',
    );
  }
  return {
    ...from,
    id,
    fingerprint: deviceFingerprint(from.device),
    createdAt: now,
    lastAccessedAt: now,
    expiresAt: now + ttl,
  };
}

/** How often a use is worth noting: whoever reads a session at each request touches it only when this says so. */
const TOUCH_EVERY_MS = 60_000;

/** @param now milliseconds since the epoch */
export function isTouchDue({ lastAccessedAt }: Pick<Session, 'lastAccessedAt'>, now: number): boolean {
  return now - lastAccessedAt >= TOUCH_EVERY_MS;
}

/** Field, value, field, value ... as HSET takes them. */
export function toFields(session: Session): string[] {
  const { device, ip, ...rest } = session;
  return Object.entries({ ...device, ...rest, ip, indexedAt: session.createdAt })
    .filter(([, value]) => value !== undefined)
    .flatMap(([field, value]) => [field, String(value)]);
}

/**
 * Reads what HGETALL gives inside a script: field, value, field, value ...
 * @returns undefined for a hash that does not exist, and for what is left of a session that was ended
 * @throws SessionError `session_invalid` when a field that every session has is missing
 */
export function fromFields(flat: readonly string[]): Session | undefined {
  if (flat.length === 0) return undefined;
  const fields = toMap(flat);
  if (fields.has('endedAt')) return undefined;
  const [ip, clientId, region] = [fields.get('ip'), fields.get('clientId'), fields.get('region')];
  return {
    id: text(fields, 'id'),
    userId: text(fields, 'userId'),
    fingerprint: text(fields, 'fingerprint'),
    createdAt: time(fields, 'createdAt'),
    lastAccessedAt: time(fields, 'lastAccessedAt'),
    expiresAt: time(fields, 'expiresAt'),
    device: device(fields),
    ...(ip !== undefined && { ip }),
    ...(clientId !== undefined && { clientId }),
    ...(region !== undefined && { region }),
  };
}

/** Whether these are what is left of a session that was ended: other regions may not know it yet. */
export function isEnded(flat: readonly string[]): boolean {
  return flat.some((name, index) => index % 2 === 0 && name === 'endedAt');
}

/** What HGETALL gives inside a script, by the names of the fields. */
export function toMap(flat: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (let index = 0; index + 1 < flat.length; index += 2) fields.set(flat[index] ?? '', flat[index + 1] ?? '');
  return fields;
}

/** When the index from session to user was last written; 0 for a session that does not say. */
export function indexedAt(flat: readonly string[]): number {
  const at = flat.findIndex((name, index) => index % 2 === 0 && name === 'indexedAt');
  return at === -1 ? 0 : Number(flat[at + 1]);
}

function device(fields: ReadonlyMap<string, string>): Device {
  const told = DEVICE_PROPERTIES.filter((name) => fields.has(name));
  return Object.fromEntries(told.map((name) => [name, text(fields, name)]));
}

function text(fields: ReadonlyMap<string, string>, name: string): string {
  const value = fields.get(name);
  if (value === undefined) throw new SessionError('session_invalid', `a stored session lacks ${name}`);
  return value;
}

function time(fields: ReadonlyMap<string, string>, name: string): number {
  const value = Number(text(fields, name));
  if (!Number.isSafeInteger(value)) throw new SessionError('session_invalid', `a stored session has no valid ${name}`);
  return value;
}
