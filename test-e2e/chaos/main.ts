import { randomInt } from 'node:crypto';
import { isExpected } from '../mesh/expected.ts';
import { interruption } from '../mesh/interrupt.ts';
import { runningMesh, startMesh, stopMesh } from '../mesh/launcher.ts';
import { WaitError } from '../mesh/wait.ts';
import { commandOf, readOrder } from './order.ts';
import { missing, runChaos } from './run.ts';
import { openWorld } from './world.ts';

const VERB = 'make chaos';
/** A day. */
const MOST_MINUTES = 1_440;

/** @returns the exit code */
async function main(env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const order = readOrder(env, { verb: VERB, mostMinutes: MOST_MINUTES, newSeed: () => randomInt(2 ** 31) });
  if (typeof order === 'string') {
    console.error(order);
    return 2;
  }
  const { minutes, ...faults } = order;
  const signal = interruption();
  const running = runningMesh();
  const mesh = running ?? (await startMesh((line) => console.log(`  ${line}`), { signal }));
  try {
    await using world = await openWorld(mesh);
    console.log(`Load and faults for ${minutes} min: ${commandOf(VERB, order)}`);
    const began = performance.now();
    const report = (line: string): void =>
      console.log(`  ${Math.round((performance.now() - began) / 1000)} s: ${line}`);
    const ledger = await runChaos(world, { ...faults, durationMs: minutes * 60_000, report, signal });
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
  process.exitCode = await main(process.env);
} catch (error) {
  if (!isExpected(error) && !(error instanceof WaitError)) throw error;
  console.error(`\n${String(error)}`);
  process.exitCode = 1;
}
