import { createHash } from 'node:crypto';
import type { TraceHeaders } from '../trace.ts';
import { untilAborted } from './abort.ts';
import type { Exchange, IssuedToken, TokenQuery } from './exchange.ts';

/** Tokens for calls to other services, as they are needed. */
export interface TokenSource {
  /**
   * Rejects as `Exchange` does, and with the signal's reason.
   * @param trace of the request that needs it; of several that wait for one exchange, that of the first goes along
   */
  get(query: TokenQuery, signal: AbortSignal, trace?: TraceHeaders): Promise<string>;
  /** Forgets a token that was not taken; a newer one stays. */
  drop(query: TokenQuery, token: string): void;
}

export interface TokenCacheOptions {
  readonly exchange: Exchange;
  /** Milliseconds, monotonic. */
  readonly monotonic: () => number;
  readonly maxTokens: number;
}

interface Cached {
  readonly token: string;
  /** Not used from then on: it would end on its way. */
  readonly endsAt: number;
  refreshAt: number;
}

const MARGIN_MS = 5_000;
/** Of its life, after which another is asked for while this one still holds. */
const REFRESH_AFTER = 0.8;
const AFTER_FAILURE_MS = 5_000;

/** Keeps the tokens that were used last, each under the hash of what it was exchanged for; asks once for all who wait for one. */
export function createTokenCache({ exchange, monotonic, maxTokens }: TokenCacheOptions): TokenSource {
  const tokens = new Map<string, Cached>();
  const pending = new Map<string, Promise<Cached>>();

  function keep(key: string, cached: Cached): Cached {
    tokens.delete(key);
    tokens.set(key, cached);
    const [oldest] = tokens.keys();
    if (tokens.size > maxTokens && oldest !== undefined) tokens.delete(oldest);
    return cached;
  }
  async function renew(key: string, query: TokenQuery, trace?: TraceHeaders): Promise<Cached> {
    // Its life is counted from before it was asked for, so that the way it took is never added.
    const askedAt = monotonic();
    return keep(key, toCached(await exchange(query, trace), askedAt));
  }
  function renewed(key: string, query: TokenQuery, trace?: TraceHeaders): Promise<Cached> {
    const underway = pending.get(key);
    if (underway !== undefined) return underway;
    const renewal = renew(key, query, trace).finally(() => pending.delete(key));
    pending.set(key, renewal);
    return renewal;
  }
  function refresh(key: string, query: TokenQuery, cached: Cached): void {
    renewed(key, query).catch(() => {
      // This token still holds; the call that finds it ended is told what is wrong.
      cached.refreshAt = monotonic() + AFTER_FAILURE_MS;
    });
  }

  return {
    async get(query, signal, trace) {
      const key = keyOf(query);
      const cached = tokens.get(key);
      if (cached === undefined || cached.endsAt <= monotonic()) {
        return (await untilAborted(renewed(key, query, trace), signal)).token;
      }
      if (cached.refreshAt <= monotonic() && !pending.has(key)) refresh(key, query, cached);
      return keep(key, cached).token;
    },
    drop(query, token) {
      const key = keyOf(query);
      if (tokens.get(key)?.token === token) tokens.delete(key);
    },
  };
}

function toCached({ token, lifetimeSeconds }: IssuedToken, askedAt: number): Cached {
  const life = lifetimeSeconds * 1_000;
  return { token, endsAt: askedAt + life - MARGIN_MS, refreshAt: askedAt + life * REFRESH_AFTER };
}

function keyOf({ service, permissions, subject }: TokenQuery): string {
  return createHash('sha256')
    .update(JSON.stringify([service, permissions, subject]))
    .digest('base64url');
}
