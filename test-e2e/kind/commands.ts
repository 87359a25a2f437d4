import { type CommandOptions, run } from '../toolchain/command.ts';

/** A program of the set-up failed, or is missing; the message ends with its last lines. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Runs a program to its end and answers what it printed. @throws CommandError */
export async function succeed(file: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, stdout, tail } = await run(file, args, options);
  if (code === 0) return stdout;
  throw new CommandError(`${[file, ...args.slice(0, 3)].join(' ')} failed (${code}):\n${tail}`);
}
