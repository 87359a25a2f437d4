/** `missing` keeps something from working or being safe; `warning` may be meant; `unknown` could not be read. */
export type FindingState = 'ok' | 'warning' | 'missing' | 'unknown';

/** One thing that was looked at in a cluster. */
export interface Finding {
  /** What was looked at, for example `mesh config: pathNormalization`. */
  readonly about: string;
  readonly state: FindingState;
  readonly found: string;
  /** The way out, as a sentence; of what is not `ok`. */
  readonly next?: string;
}

export const ok = (about: string, found: string): Finding => ({ about, state: 'ok', found });

/** What is not as it should be: where, what is there instead, and the way out. */
export function lacking(about: string, found: string, next: string): Finding {
  return { about, state: 'missing', found, next };
}

export function doubtful(about: string, found: string, next: string): Finding {
  return { about, state: 'warning', found, next };
}
