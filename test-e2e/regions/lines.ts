import { REGION_NAMES, type RegionName } from './regions-info.ts';

/** What regions share, and reach by a line each. */
const SHARED = ['global', 'database'] as const;
export type Shared = (typeof SHARED)[number];
export type Line = `${RegionName}-${Shared}`;
export const LINES: readonly Line[] = REGION_NAMES.flatMap((region) =>
  SHARED.map((end) => `${region}-${end}` as const),
);

/** Milliseconds there and back, as between two regions of one continent. */
export const ROUND_TRIP_MS = 80;

/**
 * `silent`: whatever is sent is lost, and nobody is told, as where a router fails. `refused`: connections end, and new ones are refused, as
 * where a firewall was changed.
 */
export type Cut = 'silent' | 'refused';

const STREAMS = ['upstream', 'downstream'] as const;
const ANSWER_MS = 10_000;

/** The lines between the regions and what they share: toxiproxy, by its HTTP API. */
export class Lines {
  readonly #api: string;

  constructor(api: string) {
    this.#api = api;
  }

  /** One more line, to `far` (HOST:PORT). @returns HOST:PORT of its near end */
  async add(name: string, far: string): Promise<string> {
    const made = await this.#ask('POST', '/proxies', { name, listen: '127.0.0.1:0', upstream: far, enabled: true });
    return (JSON.parse(made) as { readonly listen: string }).listen;
  }

  /** Half of it each way. */
  async delay(line: string, roundTripMs: number): Promise<void> {
    const attributes = { latency: roundTripMs / 2, jitter: 0 };
    for (const stream of STREAMS)
      await this.#toxic(line, { name: `delay-${stream}`, type: 'latency', stream, attributes });
  }

  async cut(line: Line, how: Cut = 'silent'): Promise<void> {
    if (how === 'refused') return void (await this.#ask('POST', `/proxies/${line}`, { enabled: false }));
    // Without an end: what is dropped stays dropped, and connections stay open until the toxic is removed.
    const attributes = { timeout: 0 };
    for (const stream of STREAMS)
      await this.#toxic(line, { name: `cut-${stream}`, type: 'timeout', stream, attributes });
  }

  /** As it was before it was cut, whichever way; its delay stays. */
  async heal(line: Line): Promise<void> {
    for (const stream of STREAMS) await this.#remove(line, `cut-${stream}`);
    await this.#ask('POST', `/proxies/${line}`, { enabled: true });
  }

  async #toxic(line: string, toxic: { readonly name: string; readonly [key: string]: unknown }): Promise<void> {
    await this.#remove(line, toxic.name);
    await this.#ask('POST', `/proxies/${line}/toxics`, toxic);
  }

  async #remove(line: string, toxic: string): Promise<void> {
    await this.#ask('DELETE', `/proxies/${line}/toxics/${toxic}`, undefined, [404]);
  }

  async #ask(method: string, path: string, body?: object, alsoGood: readonly number[] = []): Promise<string> {
    const response = await fetch(this.#api + path, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await response.text();
    if (response.ok || alsoGood.includes(response.status)) return text;
    throw new Error(`toxiproxy: ${method} ${path}: ${response.status} ${text}`);
  }
}
