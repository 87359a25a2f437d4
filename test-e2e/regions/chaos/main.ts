import { randomInt } from 'node:crypto';
import { Interrupted, interruption } from '../../mesh/interrupt.ts';
import { MeshError } from '../../mesh/launcher.ts';
import { WaitError } from '../../mesh/wait.ts';
import { ToolchainError } from '../../toolchain/index.ts';
import { startRegions } from '../launcher.ts';
import { runChaos } from './run.ts';

/** An access token lives for a quarter of an hour, and those who stay refresh only now and then. */
const MOST_MINUTES = 720;

/** @returns the exit code */
async function main(minutes: number, seed: number): Promise<number> {
  if (!(minutes > 0 && minutes <= MOST_MINUTES && Number.isSafeInteger(seed))) {
    console.error(`make chaos-regions MINUTES=10 SEED=7: at most ${MOST_MINUTES} minutes, and a whole number`);
    return 2;
  }
  const signal = interruption();
  const progress = (line: string): void => console.log(`  ${line}`);
  await using regions = await startRegions(progress, { signal });
  console.log(`Load and faults for ${minutes} min: make chaos-regions MINUTES=${minutes} SEED=${seed}`);
  const began = performance.now();
  const report = (line: string): void => progress(`${Math.round((performance.now() - began) / 1000)} s: ${line}`);
  const ledger = await runChaos(regions, { seed, durationMs: minutes * 60_000, report, signal });
  console.log(`\n${ledger.report()}\n`);
  for (const violation of ledger.violations) console.log(`WRONG: ${violation}`);
  if (ledger.violations.length > 0) return 1;
  console.log('No session passed after its end, none was lost, and nothing waits.');
  return 0;
}

try {
  const { MINUTES, SEED } = process.env;
  process.exitCode = await main(Number(MINUTES || 10), Number(SEED || randomInt(2 ** 31)));
} catch (error) {
  const isExpected = [MeshError, ToolchainError, Interrupted, WaitError].some((kind) => error instanceof kind);
  if (!isExpected) throw error;
  console.error(`\n${String(error)}`);
  process.exitCode = 1;
}
