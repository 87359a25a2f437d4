const TWO_32 = 2 ** 32;

/**
 * FNV-1a, 64 bits, as 16 hexadecimal digits. It tells names and specs apart; it is no defence against somebody who may already
 * write the objects themselves.
 */
export function digest(text: string): string {
  // The offset basis, in two halves: BigInt would take most of the compiler's time.
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of new TextEncoder().encode(text)) {
    low = (low ^ byte) >>> 0;
    // Times the prime 2^40 + 0x1b3, modulo 2^64; every product stays below 2^53.
    const product = low * 0x1b3;
    high = (high * 0x1b3 + Math.floor(product / TWO_32) + ((low << 8) >>> 0)) % TWO_32;
    low = product % TWO_32;
  }
  return [high, low].map((half) => half.toString(16).padStart(8, '0')).join('');
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
  return left.length === right.length && left.every((key) => sameJson(a[key], b[key]));
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
