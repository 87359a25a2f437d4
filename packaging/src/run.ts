import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Command } from './builder.ts';
import { PackagingError } from './errors.ts';

/** A build prints a few hundred lines at most; of a program gone wild the end is what matters. */
const MAX_OUTPUT = 1024 * 1024;

export interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** @throws PackagingError `builder_failed` with the last lines of what it said */
export async function run([program, ...args]: Command, { cwd, env }: RunOptions): Promise<string> {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout = (said.stdout + text).slice(-MAX_OUTPUT);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr = (said.stderr + text).slice(-MAX_OUTPUT);
  });
  const exit = await once(child, 'close').catch((cause: unknown) => {
    const text = `${program} cannot be run: install it, or name another one with BUILDER=`;
    throw new PackagingError('builder_failed', text, { cause });
  });
  if (exit[0] === 0) return said.stdout;
  const lines = `${said.stdout}\n${said.stderr}`.trim().split('\n').slice(-15).join('\n');
  throw new PackagingError('builder_failed', `${[program, ...args].join(' ')} failed:\n${lines}`);
}
