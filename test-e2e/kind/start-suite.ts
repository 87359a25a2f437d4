import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { REPOSITORY } from '../mesh/paths.ts';

const VITEST = join(REPOSITORY, 'node_modules/vitest/vitest.mjs');
const CONFIG = join(import.meta.dirname, 'vitest.config.ts');

/** Runs the suite on the cluster of a kubeconfig. @returns its exit code. @throws the signal's reason, once it has ended */
export type Suite = (variables: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<number>;

/**
 * The suite as a process on this terminal. A signal interrupts it and what it started: a group of its own, which a Ctrl-C at the terminal does
 * not reach otherwise. It undoes nothing then; a runner that ends by a signal has no time for that.
 * @param files of the suite; none for all
 */
export function startSuite(files: readonly string[], environment: NodeJS.ProcessEnv): Suite {
  return async (variables, signal) => {
    signal.throwIfAborted();
    const child = spawn(process.execPath, [VITEST, 'run', '--config', CONFIG, ...files], {
      detached: true,
      stdio: 'inherit',
      env: { ...environment, ...variables },
    });
    const interrupt = (): void => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        process.kill(-child.pid, 'SIGINT');
    };
    signal.addEventListener('abort', interrupt);
    const [code] = (await once(child, 'exit')) as [code: number | null];
    signal.removeEventListener('abort', interrupt);
    signal.throwIfAborted();
    return code ?? 1;
  };
}
