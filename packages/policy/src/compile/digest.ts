const utf8 = new TextEncoder();

/**
 * FNV-1a, 64 bits, as 16 hexadecimal digits. It tells names and specs apart; it is no defence against somebody who may already
 * write the objects themselves.
 */
export function digest(text: string): string {
  // The offset basis, in halves of 32 bits: BigInt would take most of the compiler's time.
  let high = 0xcbf29ce4 | 0;
  let low = 0x84222325 | 0;
  for (const byte of utf8.encode(text)) {
    low ^= byte;
    // Times the prime 2^40 + 0x1b3, modulo 2^64, in parts that stay small integers.
    const lower = (low & 0xffff) * 0x1b3;
    const upper = (low >>> 16) * 0x1b3 + (lower >>> 16);
    high = (Math.imul(high, 0x1b3) + (upper >>> 16) + (low << 8)) | 0;
    low = (upper << 16) | (lower & 0xffff);
  }
  return [high, low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
}

/** JSON with sorted keys: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, child: unknown) => (isRecord(child) ? sorted(child) : child));
}

/** Equal as JSON: the order of keys does not matter, that of lists does; an undefined field is an absent one. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  }
  if (!isRecord(a) || !isRecord(b)) return false;
  const [left, right] = [present(a), present(b)];
  return left.length === right.length && left.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]));
}

function present(record: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(record).filter((key) => record[key] !== undefined);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
