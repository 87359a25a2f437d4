import type { Attempt, LoginLimits, LoginRates } from '../login/login-limits.ts';

export type Bursts = Readonly<Record<keyof LoginRates, number>>;

/** Allows so many attempts and never more again; `taken` tells what was tried, in order. */
export function memoryLimits(bursts: Bursts): LoginLimits & { readonly taken: Attempt[] } {
  const counts = new Map<string, number>();
  const taken: Attempt[] = [];
  const count = (key: string, change: number) => counts.set(key, (counts.get(key) ?? 0) + change);
  const pair = ({ email, network }: Attempt) => `${email} ${network}`;
  return {
    taken,
    async take(attempt) {
      taken.push(attempt);
      const { email, network } = attempt;
      const full = (key: string, burst: number) => (counts.get(key) ?? 0) >= burst;
      if (full(network, bursts.network)) return 30;
      count(network, 1);
      if (full(pair(attempt), bursts.accountFromNetwork) || full(email, bursts.account)) return 30;
      count(pair(attempt), 1);
      count(email, 1);
      return 0;
    },
    async succeed(attempt) {
      counts.delete(pair(attempt));
      count(attempt.email, -1);
    },
  };
}
