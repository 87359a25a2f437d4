/** Appends a name or an index to a field path: `spec.rules[0].allow`, `matchLabels["app.kubernetes.io/name"]`. */
export function at(path: string, ...segments: readonly (string | number)[]): string {
  return segments.reduce<string>((whole, segment) => {
    if (typeof segment === 'number') return `${whole}[${segment}]`;
    if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(segment)) return `${whole}[${JSON.stringify(segment.slice(0, 128))}]`;
    return whole === '' ? segment : `${whole}.${segment}`;
  }, path);
}

/** Turns a JSON pointer (RFC 6901) into a field path, with list positions as indexes. */
export function fromPointer(root: string, pointer: string): string {
  const segments = pointer.split('/').slice(1).map(unescapePointer);
  return at(root, ...segments.map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment)));
}

/** The value that a JSON pointer names, or undefined. */
export function resolvePointer(document: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map(unescapePointer)
    .reduce<unknown>(
      (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
      document,
    );
}

function unescapePointer(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}
