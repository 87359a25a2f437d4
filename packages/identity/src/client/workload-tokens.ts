import { setTimeout } from 'node:timers/promises';
import type { Fetch } from '../fetch-function.ts';
import { createExchange } from './exchange.ts';
import type { Wait } from './retry.ts';
import { createTokenCache, type TokenSource } from './token-cache.ts';

export interface WorkloadTokensOptions {
  /** Base URL of the auth service inside the cluster, for example `http://auth.sekisho-system`. */
  readonly authUrl: URL;
  /** File with the projected ServiceAccount token whose audience is `sekisho`. */
  readonly tokenFile: string;
  /** Tokens that are kept: one for each service and user that called lately. @default 1000 */
  readonly maxTokens?: number;
  /** @default the global fetch */
  readonly fetch?: Fetch;
  /** @default the system's clock */
  readonly clock?: () => Date;
  /** Milliseconds. @default the process' monotonic clock */
  readonly monotonic?: () => number;
  /** @default by a timer */
  readonly wait?: Wait;
}

export const waitByTimer: Wait = (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal });

/** The tokens with which this workload calls other services, for itself and for its users. Make one, for all clients. */
export function workloadTokens(options: WorkloadTokensOptions): TokenSource {
  const { monotonic = () => performance.now(), maxTokens = 1_000, ...rest } = options;
  const exchange = createExchange({
    ...rest,
    fetch: options.fetch ?? globalThis.fetch,
    clock: options.clock ?? (() => new Date()),
    wait: options.wait ?? waitByTimer,
    monotonic,
  });
  return createTokenCache({ exchange, monotonic, maxTokens });
}
