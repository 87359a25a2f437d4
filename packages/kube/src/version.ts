/**
 * Whether resourceVersion `a` is from before `b`. Versions of one kind are decimal numbers that grow; what is no number is
 * never called older.
 * @source KEP-5504, comparable resource versions
 */
export function isOlderVersion(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined || !/^\d+$/.test(a) || !/^\d+$/.test(b)) return false;
  return a.length === b.length ? a < b : a.length < b.length;
}
