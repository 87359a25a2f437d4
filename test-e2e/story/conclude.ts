import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL } from '../mesh/paths.ts';
import type { StepResult } from './step.ts';

export interface Told {
  /** Of the evidence, in `.local`. */
  readonly file: string;
  /** When the command began, in milliseconds of `performance.now`. */
  readonly began: number;
}

/** Keeps what became of each step, and says how many are as expected. @returns the exit code */
export function conclude(results: readonly StepResult[], { file, began }: Told): number {
  const evidence = join(LOCAL, file);
  mkdirSync(LOCAL, { recursive: true });
  writeFileSync(evidence, `${JSON.stringify(results, undefined, 2)}\n`);
  const differ = results.filter(({ holds }) => !holds).length;
  console.log(
    `\n${results.length - differ} of ${results.length} steps as expected, after ${secondsSince(began)}. Evidence: ${evidence}`,
  );
  return differ === 0 ? 0 : 1;
}

export function secondsSince(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}
