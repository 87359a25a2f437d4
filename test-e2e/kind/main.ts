import { Interrupted, interruption } from '../mesh/interrupt.ts';
import { ToolchainError } from '../toolchain/index.ts';
import { CommandError } from './commands.ts';
import { runOnKind } from './run.ts';
import { settingsFrom } from './settings.ts';
import { startSuite } from './start-suite.ts';
import { findTools } from './tools.ts';

const INTERRUPTED = 130;

const report = (line: string): void => console.log(`  ${line}`);

// What was started is undone also when nobody reads any more what it says.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
try {
  const signal = interruption();
  signal.addEventListener('abort', () => report('interrupted: undoing what was started; once more leaves it as it is'));
  const suite = startSuite(process.argv.slice(2), process.env);
  const run = { settings: settingsFrom(process.env), tools: findTools(process.env, report), suite, report, signal };
  process.exitCode = await runOnKind(run);
} catch (error) {
  const reasons = reasonsOf(error);
  for (const { message } of reasons) console.error(`\n${message}`);
  process.exitCode = reasons.some((reason) => reason instanceof Interrupted) ? INTERRUPTED : 1;
}

/** Why it failed, and why what was started could not be undone then. */
function reasonsOf(error: unknown): readonly Error[] {
  if (error instanceof SuppressedError) return [...reasonsOf(error.suppressed), ...reasonsOf(error.error)];
  if (error instanceof CommandError || error instanceof ToolchainError || error instanceof Interrupted) return [error];
  throw error;
}
