import { hash } from 'node:crypto';
import { RecentMap } from '../recent-map.ts';
import type { ExchangeCookie } from './exchange-cookie.ts';

/** What a cookie stands for: `unknown` when the auth service does not answer, or is asked about too many cookies at once. */
export type BrowserToken =
  | { readonly state: 'token'; readonly token: string }
  | { readonly state: 'over' }
  | { readonly state: 'unknown' };

export interface BrowserTokensOptions {
  readonly exchange: ExchangeCookie;
  /** Milliseconds that only ever grow. */
  readonly monotonic: () => number;
  /** Told of each time that the auth service was asked, with the error that it ended with. */
  readonly onExchange: (state: BrowserToken['state'], error?: unknown) => void;
  /** Tokens that are held. @default 20_000, as many as are held verified */
  readonly maxTokens?: number;
  /** Of cookies that no token was held for yet, and of others: each kind has so many at once. @default 64 */
  readonly maxInFlight?: number;
}

/** Access tokens by cookie, in memory. Neither rejects. */
export interface BrowserTokens {
  /** At once where it is held, else in one call of the auth service, which all who ask meanwhile share. */
  tokenOf(cookie: string): BrowserToken | Promise<BrowserToken>;
  /** Another one in the place of one that is not accepted any more; `unknown` when there is none newer yet. */
  renewed(cookie: string, refused: string): BrowserToken | Promise<BrowserToken>;
  readonly size: number;
}

interface Held {
  readonly found: { readonly state: 'token'; readonly token: string };
  readonly endsAt: number;
  renewAt: number;
  triedAt: number;
}

const RENEWED_PART = 0.75;
const RETRY_MS = 1_000;
/** How long a cookie that stands for nothing is not asked about again: whoever repeats one is no load on the auth service. */
const OVER_MS = 5_000;
const MAX_OVER = 10_000;
const OVER = { state: 'over' } as const;
const UNKNOWN = { state: 'unknown' } as const;

export function createBrowserTokens(options: BrowserTokensOptions): BrowserTokens {
  return new TokensByCookie(options);
}

class TokensByCookie implements BrowserTokens {
  readonly #options: BrowserTokensOptions;
  readonly #held: RecentMap<Held>;
  readonly #overUntil = new RecentMap<number>(MAX_OVER);
  readonly #ask: Ask;

  constructor(options: BrowserTokensOptions) {
    const { maxTokens = 20_000, maxInFlight = 64 } = options;
    this.#options = options;
    this.#held = new RecentMap<Held>(maxTokens);
    const isHeld = (name: string) => this.#held.peek(name) !== undefined;
    this.#ask = sharedAsk((name, cookie) => this.#attempt(name, cookie), { maxInFlight, isHeld });
  }

  get size(): number {
    return this.#held.size;
  }

  tokenOf(cookie: string): BrowserToken | Promise<BrowserToken> {
    return this.#tokenOf(nameOf(cookie), cookie);
  }

  renewed(cookie: string, refused: string): BrowserToken | Promise<BrowserToken> {
    const name = nameOf(cookie);
    const entry = this.#held.get(name);
    if (entry?.found.token !== refused) return this.#tokenOf(name, cookie);
    return this.#options.monotonic() - entry.triedAt < RETRY_MS ? UNKNOWN : this.#ask(name, cookie);
  }

  #tokenOf(name: string, cookie: string): BrowserToken | Promise<BrowserToken> {
    const [entry, now] = [this.#held.get(name), this.#options.monotonic()];
    if (entry !== undefined && now < entry.endsAt) {
      // The one that is held is as good until it ends: nobody waits for the next.
      if (now >= entry.renewAt) void this.#ask(name, cookie);
      return entry.found;
    }
    return now < (this.#overUntil.get(name) ?? 0) ? OVER : this.#ask(name, cookie);
  }

  async #attempt(name: string, cookie: string): Promise<BrowserToken> {
    const { exchange, monotonic, onExchange } = this.#options;
    const askedAt = monotonic();
    try {
      const told = this.#settle(name, askedAt, await exchange(cookie));
      onExchange(told.state);
      return told;
    } catch (error) {
      const before = this.#held.get(name);
      if (before !== undefined) Object.assign(before, { triedAt: monotonic(), renewAt: monotonic() + RETRY_MS });
      onExchange('unknown', error);
      return UNKNOWN;
    }
  }

  #settle(name: string, askedAt: number, exchanged: Awaited<ReturnType<ExchangeCookie>>): BrowserToken {
    if (exchanged === undefined) {
      this.#held.delete(name);
      this.#overUntil.set(name, this.#options.monotonic() + OVER_MS);
      return OVER;
    }
    const lifeMs = exchanged.expiresIn * 1000;
    const found = { state: 'token', token: exchanged.token } as const;
    const times = { endsAt: askedAt + lifeMs, renewAt: askedAt + lifeMs * RENEWED_PART, triedAt: askedAt };
    this.#held.set(name, { found, ...times });
    return found;
  }
}

type Ask = (name: string, cookie: string) => Promise<BrowserToken>;

interface SharedAskOptions {
  readonly maxInFlight: number;
  readonly isHeld: (name: string) => boolean;
}

/** One call for all who ask about a cookie meanwhile, and so many at once. */
function sharedAsk(attempt: Ask, { maxInFlight, isHeld }: SharedAskOptions): Ask {
  const asking = new Map<string, Promise<BrowserToken>>();
  const inFlight = { first: 0, next: 0 };
  return (name, cookie) => {
    const running = asking.get(name);
    if (running !== undefined) return running;
    // Whoever floods this process with cookies of nobody takes no room from those that a token is held for.
    const kind = isHeld(name) ? 'next' : 'first';
    if (inFlight[kind] >= maxInFlight) return Promise.resolve(UNKNOWN);
    inFlight[kind] += 1;
    const started = attempt(name, cookie).finally(() => {
      inFlight[kind] -= 1;
      asking.delete(name);
    });
    asking.set(name, started);
    return started;
  };
}

/** The cookie itself is kept nowhere. */
function nameOf(cookie: string): string {
  return hash('sha256', cookie, 'base64url');
}
