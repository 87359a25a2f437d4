import type { Prometheus } from './prometheus.ts';

/** One series of an answer. */
export interface Found {
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since the epoch, and the value then; oldest first. */
  readonly points: readonly (readonly [time: number, value: number])[];
}

interface Result {
  readonly metric: Record<string, string>;
  readonly value?: [number, string];
  readonly values?: [number, string][];
}

/**
 * Asks for what a query gives at one time.
 * @param time seconds since the epoch. @default now
 * @throws Error with what Prometheus says of it
 */
export function ask({ url }: Pick<Prometheus, 'url'>, query: string, time?: number): Promise<readonly Found[]> {
  return asked(`${url}/api/v1/query`, { query, ...(time !== undefined && { time: String(time) }) });
}

export interface Span {
  /** Seconds since the epoch. */
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** Asks for what a query gives over a span. @throws Error with what Prometheus says of it */
export function askOver({ url }: Pick<Prometheus, 'url'>, query: string, span: Span): Promise<readonly Found[]> {
  const { start, end, step } = span;
  return asked(`${url}/api/v1/query_range`, { query, start: String(start), end: String(end), step: String(step) });
}

async function asked(url: string, query: Readonly<Record<string, string>>): Promise<readonly Found[]> {
  const response = await fetch(`${url}?${new URLSearchParams(query)}`, { signal: AbortSignal.timeout(30_000) });
  const answer = (await response.json()) as { error?: string; data?: { result: readonly Result[] } };
  if (answer.data === undefined) throw new Error(`${query['query']}: ${response.status} ${answer.error}`);
  return answer.data.result.map(({ metric, value, values = [] }) => ({
    labels: metric,
    points: (value ? [value] : values).map(([time, text]) => [time, Number(text)] as const),
  }));
}

/** Whether there is anything to draw. */
export function hasNumber(found: readonly Found[]): boolean {
  return found.some(({ points }) => points.some(([, value]) => Number.isFinite(value)));
}

export interface RuleState {
  readonly name: string;
  /** `ok`, `err`, or `unknown` before the first time. */
  readonly health: string;
  readonly lastError?: string;
}

export async function rulesOf({ url }: Prometheus): Promise<readonly RuleState[]> {
  const response = await fetch(`${url}/api/v1/rules`, { signal: AbortSignal.timeout(30_000) });
  const { data } = (await response.json()) as { data: { groups: readonly { rules: readonly RuleState[] }[] } };
  return data.groups.flatMap(({ rules }) => rules);
}
