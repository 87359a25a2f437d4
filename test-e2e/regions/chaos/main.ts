import { randomInt } from 'node:crypto';
import { commandOf, readOrder } from '../../chaos/order.ts';
import { isExpected } from '../../mesh/expected.ts';
import { interruption } from '../../mesh/interrupt.ts';
import { WaitError } from '../../mesh/wait.ts';
import { startRegions } from '../launcher.ts';
import { runChaos } from './run.ts';

const VERB = 'make chaos-regions';
/** An access token lives for a quarter of an hour, and those who stay refresh only now and then. */
const MOST_MINUTES = 720;

/** @returns the exit code */
async function main(env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const order = readOrder(env, { verb: VERB, mostMinutes: MOST_MINUTES, newSeed: () => randomInt(2 ** 31) });
  if (typeof order === 'string') {
    console.error(order);
    return 2;
  }
  const signal = interruption();
  const progress = (line: string): void => console.log(`  ${line}`);
  await using regions = await startRegions(progress, { signal });
  const { minutes, ...faults } = order;
  console.log(`Load and faults for ${minutes} min: ${commandOf(VERB, order)}`);
  const began = performance.now();
  const report = (line: string): void => progress(`${Math.round((performance.now() - began) / 1000)} s: ${line}`);
  const ledger = await runChaos(regions, { ...faults, durationMs: minutes * 60_000, report, signal });
  console.log(`\n${ledger.report()}\n`);
  for (const violation of ledger.violations) console.log(`WRONG: ${violation}`);
  for (const answer of ledger.lockedOut) console.log(`LOCKED OUT: ${answer}`);
  if (ledger.violations.length + ledger.lockedOut.length > 0) return 1;
  console.log('No session passed after its end, none was lost, nobody was locked out, and nothing waits.');
  return 0;
}

try {
  process.exitCode = await main(process.env);
} catch (error) {
  if (!isExpected(error) && !(error instanceof WaitError)) throw error;
  console.error(`\n${String(error)}`);
  process.exitCode = 1;
}
