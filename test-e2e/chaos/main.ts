import { randomInt } from 'node:crypto';
import { Interrupted, interruption } from '../mesh/interrupt.ts';
import { MeshError, runningMesh, startMesh, stopMesh } from '../mesh/launcher.ts';
import { WaitError } from '../mesh/wait.ts';
import { ToolchainError } from '../toolchain/index.ts';
import { missing, runChaos } from './run.ts';
import { openWorld } from './world.ts';

/** A day. */
const MOST_MINUTES = 1_440;
const MOST_AT_ONCE = 3;

interface Asked {
  readonly minutes: number;
  readonly seed: number;
  /** Faults of different parts. */
  readonly atOnce: number;
}

/** @returns the exit code */
async function main({ minutes, seed, atOnce }: Asked): Promise<number> {
  const isPossible = minutes > 0 && minutes <= MOST_MINUTES && Number.isSafeInteger(seed);
  if (!(isPossible && Number.isSafeInteger(atOnce) && atOnce >= 1 && atOnce <= MOST_AT_ONCE)) {
    console.error(
      `make chaos MINUTES=10 AT_ONCE=1 SEED=7: at most ${MOST_MINUTES} minutes, 1 to ${MOST_AT_ONCE} faults at once, and a whole number`,
    );
    return 2;
  }
  const signal = interruption();
  const running = runningMesh();
  const mesh = running ?? (await startMesh((line) => console.log(`  ${line}`), { signal }));
  try {
    await using world = await openWorld(mesh);
    console.log(`Load and faults for ${minutes} min: make chaos MINUTES=${minutes} AT_ONCE=${atOnce} SEED=${seed}`);
    const began = performance.now();
    const report = (line: string): void =>
      console.log(`  ${Math.round((performance.now() - began) / 1000)} s: ${line}`);
    const ledger = await runChaos(world, { seed, atOnce, durationMs: minutes * 60_000, report, signal });
    console.log(`\n${ledger.report()}\n`);
    return verdict(ledger.summary.violations, missing(ledger));
  } finally {
    if (running === undefined) await stopMesh();
  }
}

function verdict(violations: readonly string[], unproven: readonly string[]): number {
  for (const violation of violations) console.log(`LET THROUGH: ${violation}`);
  if (unproven.length > 0) console.log(`Not asked, so nothing is shown of: ${unproven.join('; ')}`);
  if (violations.length + unproven.length > 0) return 1;
  console.log('Nothing was let through that must not be.');
  return 0;
}

try {
  const { MINUTES, AT_ONCE, SEED } = process.env;
  const [minutes, atOnce] = [Number(MINUTES || 10), Number(AT_ONCE || 1)];
  process.exitCode = await main({ minutes, atOnce, seed: Number(SEED || randomInt(2 ** 31)) });
} catch (error) {
  const isExpected = [MeshError, ToolchainError, Interrupted, WaitError].some((kind) => error instanceof kind);
  if (!isExpected) throw error;
  console.error(`\n${String(error)}`);
  process.exitCode = 1;
}
