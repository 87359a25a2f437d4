import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { blocks, type Page } from './pages.ts';

/** Blocks that are for a shell: they say so, or name no language. In their order. */
export function shellBlocks(page: Page): readonly string[] {
  const found = ['', 'sh', 'bash', 'console'].flatMap((language) => blocks(page, language));
  return found.toSorted((first, second) => page.text.indexOf(first) - page.text.indexOf(second));
}

/** Those that call kubectl. */
export function kubectlBlocks(page: Page): readonly string[] {
  return shellBlocks(page).filter((block) => /^kubectl |\| kubectl /m.test(block));
}

/** Calls of kubectl in running text, where they are more than the name of a command. */
export function kubectlInline({ text }: Page): readonly string[] {
  const prose = text.replaceAll(/^```.*?^```/gms, '');
  return [...prose.matchAll(/`(kubectl \S+ [^`\n]+)`/g)].map(([, command = '']) => command);
}

export interface Place {
  /** Where its programs are looked for, before those of the machine. */
  readonly programs: string;
  readonly kubeconfig: string;
  readonly folder: string;
}

const run = promisify(execFile);
/** Above what a busy machine takes for a few calls of the API server. */
const TIMEOUT_MS = 120_000;

/** @throws when a command of it fails; @returns what it printed */
export async function shell(script: string, { programs, kubeconfig, folder }: Place): Promise<string> {
  const env = { PATH: `${programs}:/usr/local/bin:/usr/bin:/bin`, HOME: folder, KUBECONFIG: kubeconfig };
  const { stdout } = await run('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
    cwd: folder,
    env,
    timeout: TIMEOUT_MS,
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}
