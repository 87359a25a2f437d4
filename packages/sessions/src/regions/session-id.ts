import { REGION_PATTERN } from '@sekisho/tokens';

/** Where and when a session began, by the clock there, in milliseconds since the epoch. */
export interface Birth {
  readonly region: string;
  readonly at: number;
}

/**
 * The id of a session of a region among several: it says where and when the session began, for who has no more of it than a refresh
 * token or a cookie. Neither is a secret: an access token says both.
 * @param random what makes it one that nobody can guess
 */
export function sessionIdOf({ region, at }: Birth, random: string): string {
  return `${region}_${Math.floor(at / 1000).toString(36)}_${random}`;
}

const ID = new RegExp(`^(${REGION_PATTERN.slice(1, -1)})_([0-9a-z]{1,8})_`);

/** @returns undefined for an id of a time before there were regions */
export function birthOf(sessionId: string): Birth | undefined {
  const [, region, seconds] = ID.exec(sessionId) ?? [];
  if (region === undefined || seconds === undefined) return undefined;
  return { region, at: Number.parseInt(seconds, 36) * 1000 };
}
