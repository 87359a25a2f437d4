import type { Clock } from '@sekisho/kube';
import type { Logger, Metrics } from '@sekisho/telemetry';
import { tellOutages } from '../telling.ts';
import { type BrowserTokens, createBrowserTokens } from './browser-tokens.ts';
import type { ExchangeCookie } from './exchange-cookie.ts';

export interface OpenBrowserTokensOptions {
  readonly exchangeCookie: ExchangeCookie;
  readonly timers: Pick<Clock, 'monotonic'>;
  readonly log: Logger;
  readonly metrics: Metrics;
}

const ASKED = 'exchanging cookies';

/** Tells of its work to log and metrics. */
export function openBrowserTokens({ exchangeCookie, timers, log, metrics }: OpenBrowserTokensOptions): BrowserTokens {
  const outages = tellOutages(log);
  const exchanges = metrics.counter({
    name: 'guard_browser_exchanges_total',
    help: 'Cookies that the auth service was asked about, by what they stood for',
    labels: { result: ['token', 'over', 'unknown'] },
  });
  const tokens = createBrowserTokens({
    exchange: exchangeCookie,
    monotonic: () => timers.monotonic(),
    onExchange(result, error) {
      exchanges.inc({ result });
      if (result === 'unknown') outages.failed(ASKED, error);
      else outages.works(ASKED);
    },
  });
  metrics.gauge({
    name: 'guard_browser_tokens',
    help: 'Access tokens that this process holds for cookies of browsers',
    collect: (gauge) => gauge.set(tokens.size),
  });
  return tokens;
}
