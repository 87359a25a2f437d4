import { join, resolve } from 'node:path';
import type { Environment } from '@sekisho/test-e2e/regions';
import { ServerProcess } from '../server-process.ts';

export interface Likeness {
  /** That of the one it is like, with addresses of its own. */
  readonly env: Environment;
  readonly url: string;
  /** Base URL of its health. */
  readonly readyUrl: string;
  /** Where its log goes. */
  readonly folder: string;
}

/** Another process like one that runs. */
export function startLike(part: 'auth' | 'guard', { env, url, readyUrl, folder }: Likeness): Promise<ServerProcess> {
  const main = resolve(import.meta.dirname, `../../services/${part}/src/main.ts`);
  const log = join(folder, `bench-${part}.log`);
  return ServerProcess.start({ main, env, url, readyUrl: `${readyUrl}/readyz`, log });
}
