import { InvalidArgumentError } from 'commander';

/** What every command takes. */
export interface GlobalOptions {
  readonly server?: string;
  readonly tokenFile?: string;
  readonly output: 'table' | 'json';
  readonly yes?: boolean;
  readonly allowHttp?: boolean;
}

/** For an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

export function count(maximum: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d{1,6}$/.test(text) && value >= 1 && value <= maximum) return value;
    throw new InvalidArgumentError(`It must be a number from 1 to ${maximum}.`);
  };
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** A moment, or how long from now: `2027-01-31T12:00:00Z`, `30d`, `12h`. @returns epoch seconds */
export function momentAfter(now: () => Date) {
  return (text: string): number => {
    const seconds = Math.floor(now().getTime() / 1000);
    const [, amount, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
    if (amount !== undefined) return seconds + Number(amount) * (UNITS[unit] ?? 0);
    const moment = momentOf(text);
    if (moment !== undefined && moment > seconds) return moment;
    throw new InvalidArgumentError(
      'It must be a moment to come like 2027-01-31T12:00:00Z, or a time like 30d, 12h, 15m.',
    );
  };
}

/** A moment that has been, or how long ago. @returns epoch seconds */
export function momentBefore(now: () => Date) {
  return (text: string): number => {
    const seconds = Math.floor(now().getTime() / 1000);
    const [, amount, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
    if (amount !== undefined) return seconds - Number(amount) * (UNITS[unit] ?? 0);
    const moment = momentOf(text);
    if (moment !== undefined) return moment;
    throw new InvalidArgumentError('It must be a moment like 2026-01-31T12:00:00Z, or a time like 30d, 12h, 15m.');
  };
}

function momentOf(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}

/** RFC 3339 in UTC, to the second. */
export function rfc3339(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().replace('.000Z', 'Z');
}
