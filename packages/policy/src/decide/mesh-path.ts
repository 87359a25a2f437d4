/** HTTP codecs take no other characters in a target. */
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
/** Of a dot segment, which Envoy therefore takes for one; its escaped spelling `%2e%2e;x` is left as it is. */
const DOT_PARAMETERS = /\/(\.\.?);[^/]*/g;
const UNIT = /%[0-9a-f]{2}|./gi;
/** RFC 3986 section 2.3: says no more escaped than bare. */
const UNRESERVED = /[A-Za-z0-9\-._~]/;
const TO_ESCAPE = /["<>^`{|}]/;
/** Has nothing to normalise: no escape, no empty or dot segment, no character that is respelled. Nearly every path is one. */
const NORMAL = /^\/(?:[\w~!$&'()*+,:=@-][\w~!$&'()*+,:=@.;-]*\/)*(?:[\w~!$&'()*+,:=@-][\w~!$&'()*+,:=@.;-]*)?$/;

/**
 * The path that Envoy compares with policies and hands on, for a request target (RFC 9112 section 3.2) under the mesh's setting
 * `DECODE_AND_MERGE_SLASHES`; undefined for a target that it answers with 400. Query and fragment are off.
 */
export function meshPath(target: string): string | undefined {
  if (NORMAL.test(target)) return target;
  if (!VISIBLE_ASCII.test(target)) return undefined;
  const path = originForm(target);
  if (path === undefined) return undefined;
  const slashed = pathOf(path).replace(/%2f/gi, '/').replace(/%5c/gi, '\\').replace(DOT_PARAMETERS, '/$1');
  if (slashed.includes('%00')) return undefined;
  return mergeSlashes(removeDots(respell(slashed).replaceAll('\\', '/')));
}

/** The part of a request's target that policies are compared with: without query and fragment. */
export function pathOf(target: string): string {
  const end = target.search(/[?#]/);
  return end === -1 ? target : target.slice(0, end);
}

/** Of the absolute form the path counts (RFC 9112 section 3.2.2). */
function originForm(target: string): string | undefined {
  if (target.startsWith('/')) return target;
  const absolute = /^https?:\/\/[^/?#\\]+(\/.*)?$/i.exec(target);
  return absolute === null ? undefined : (absolute[1] ?? '/');
}

/** Each character in one spelling. A `%` that begins no escape must not begin one because of what was unescaped behind it. */
function respell(path: string): string {
  const units = path.match(UNIT) ?? [];
  const spelled = units.map((unit) => (unit === '%' ? '\0' : spellingOf(unit))).join('');
  return spelled.replace(/\0(?=[0-9a-f]{2})/gi, '%25').replaceAll('\0', '%');
}

function spellingOf(unit: string): string {
  if (TO_ESCAPE.test(unit)) return `%${unit.charCodeAt(0).toString(16).toUpperCase()}`;
  if (unit.length === 1) return unit;
  const character = String.fromCharCode(Number.parseInt(unit.slice(1), 16));
  return UNRESERVED.test(character) ? character : unit;
}

/** RFC 3986 section 5.2.4; an empty segment counts as one. */
function removeDots(path: string): string {
  const [, ...segments] = path.split('/');
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  const last = segments.at(-1);
  return `/${kept.join('/')}${kept.length > 0 && (last === '.' || last === '..') ? '/' : ''}`;
}

/** Of a path that is nothing but slashes two are left. */
function mergeSlashes(path: string): string {
  return /^\/{2,}$/.test(path) ? '//' : path.replace(/\/{2,}/g, '/');
}
