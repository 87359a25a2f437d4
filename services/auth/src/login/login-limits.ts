import type { RedisClient } from '@sekisho/sessions/redis';
import type { KeyedHash } from '../keys/keyed-hash.ts';
import { type Bucket, giveBack, type Rate, take } from './rate-limit.ts';

export interface Attempt {
  /** Normalised. */
  readonly email: string;
  /** Where it comes from, as `clientNetwork` names it. */
  readonly network: string;
}

export interface LoginRates {
  /** Attempts of one network, on any account. */
  readonly network: Rate;
  /** Failures of one network on one account: somebody else's do not lock the owner out. */
  readonly accountFromNetwork: Rate;
  /** Failures on one account from all networks together: what a guesser with many addresses gets. */
  readonly account: Rate;
}

/** Both reject with SessionError `redis_unavailable`. */
export interface LoginLimits {
  /** @returns 0 when the attempt is allowed, and counted as a failure until it succeeds; else the seconds until one is */
  take(attempt: Attempt): Promise<number>;
  /** Forgets the failures of this network on this account; those of others stay counted, the owner did not make them. */
  succeed(attempt: Attempt): Promise<void>;
}

export interface LoginLimitsOptions {
  readonly redis: RedisClient;
  /** First part of every key. */
  readonly prefix: string;
  /** Keyed: who reads Redis finds no list of e-mail addresses, not even by trying likely ones. */
  readonly hash: KeyedHash;
  readonly rates: LoginRates;
}

export function createLoginLimits({ redis, ...options }: LoginLimitsOptions): LoginLimits {
  const buckets = loginBuckets(options);
  return {
    async take(attempt) {
      const { network, accountFromNetwork, account } = buckets(attempt);
      // The network first, and alone: who is refused there cannot use up an account's attempts.
      return (await take(redis, network)) || take(redis, accountFromNetwork, account);
    },
    async succeed(attempt) {
      const { accountFromNetwork, account } = buckets(attempt);
      await giveBack(redis, { all: accountFromNetwork, one: account });
    },
  };
}

function loginBuckets({ prefix, hash, rates }: Omit<LoginLimitsOptions, 'redis'>) {
  const name = `${prefix}:limit:login`;
  return (attempt: Attempt): Readonly<Record<keyof LoginRates, Bucket>> => {
    const [email, network] = [hash(attempt.email), hash(attempt.network)];
    return {
      network: { key: `${name}:network:${network}`, rate: rates.network },
      // The braces put both into one cluster slot: they are counted in one step.
      accountFromNetwork: { key: `${name}:account:{${email}}:${network}`, rate: rates.accountFromNetwork },
      account: { key: `${name}:account:{${email}}`, rate: rates.account },
    };
  };
}
