import type { RateLimiter } from '../login/rate-limit.ts';

/** Allows so many attempts for each subject until it is reset; `taken` tells the subjects in order. */
export function memoryLimiter(burst: number): RateLimiter & { readonly taken: string[] } {
  const counts = new Map<string, number>();
  const taken: string[] = [];
  return {
    taken,
    async take(subject) {
      taken.push(subject);
      const count = (counts.get(subject) ?? 0) + 1;
      counts.set(subject, count);
      return count > burst ? 30 : 0;
    },
    async reset(subject) {
      counts.delete(subject);
    },
  };
}
