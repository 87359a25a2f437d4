import { IdentityError } from './errors.ts';
import { isObject, type JsonObject } from './verified-payload.ts';

const MAX_TEXT = 2_048;
const MAX_LIST = 1_024;
const MAX_ACTORS = 8;

/** Where a claim is: property names from the top. `{service}` stands for this service's name. */
export type ClaimPath = readonly [string, ...string[]];

/** A claim's value, or undefined where any part of the path is absent. */
export function claimAt(payload: JsonObject, path: readonly string[]): unknown {
  let value: unknown = payload;
  for (const name of path) {
    if (value === undefined) return undefined;
    if (!isObject(value)) throw wrong(path, 'lies below something that is not an object');
    value = Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return value;
}

export function requiredText(payload: JsonObject, path: readonly string[]): string {
  const value = optionalText(payload, path);
  if (value === undefined) throw wrong(path, 'is missing');
  return value;
}

export function optionalText(payload: JsonObject, path: readonly string[]): string | undefined {
  const value = claimAt(payload, path);
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value !== '' && value.length <= MAX_TEXT) return value;
  throw wrong(path, `must be a text of 1 to ${MAX_TEXT} characters`);
}

/**
 * A list of texts; one text stands for a list of one (RFC 7519 section 4.1.3 for `aud`), or for those that spaces separate in it,
 * and an absent claim for none.
 */
export function texts(payload: JsonObject, path: readonly string[]): readonly string[] {
  const value = claimAt(payload, path) ?? [];
  const list = typeof value === 'string' ? textsOf(value, path) : value;
  if (Array.isArray(list) && list.length <= MAX_LIST && list.every(isBoundedText)) return list;
  throw wrong(path, `must be a list of at most ${MAX_LIST} texts`);
}

/** RFC 8693 section 4.2 for `scope`; Envoy splits the same two when it matches a policy's permissions. */
const SPACE_DELIMITED: ReadonlySet<string> = new Set(['scope', 'permission']);

function textsOf(value: string, path: readonly string[]): readonly string[] {
  if (path.length !== 1 || !SPACE_DELIMITED.has(path[0] ?? '')) return [value];
  return value.split(' ').filter((part) => part !== '');
}

export function optionalNumber(payload: JsonObject, path: readonly string[]): number | undefined {
  const value = claimAt(payload, path);
  if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value;
  throw wrong(path, 'must be a number');
}

/** Subjects of the nested `act` claims, the outermost and so current actor first (RFC 8693 section 4.1). */
export function actors(payload: JsonObject): readonly string[] {
  const chain: string[] = [];
  const path: string[] = ['act'];
  while (claimAt(payload, path) !== undefined) {
    if (chain.length === MAX_ACTORS) throw wrong(['act'], `must not be deeper than ${MAX_ACTORS}`);
    chain.push(requiredText(payload, [...path, 'sub']));
    path.push('act');
  }
  return chain;
}

function isBoundedText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT;
}

/** Names the claim, never its value. */
function wrong(path: readonly string[], what: string): IdentityError {
  return new IdentityError('token_malformed', `The claim ${path.join('.')} ${what}.`);
}
