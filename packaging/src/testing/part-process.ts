import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';

const WAIT = { timeout: 120_000, interval: 50 };

/** What an image starts, with nothing of this process' environment. */
export class PartProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<readonly unknown[]>;
  stdout = '';
  stderr = '';

  /** @param root holds `app`, as the image's file system does; the process ends with the test */
  constructor(root: string, env: Readonly<Record<string, string>>, args: readonly string[] = []) {
    const main = join(root, 'app/dist/main.js');
    const child = spawn(process.execPath, ['--enable-source-maps', main, ...args], { cwd: '/', env });
    this.#child = child;
    this.#exited = once(child, 'close');
    child.stdout.on('data', (chunk) => {
      this.stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      this.stderr += chunk;
    });
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await this.#exited;
    });
  }

  /** Waits for the address at which this path answers 200. */
  async serving(path: string): Promise<string> {
    return vi.waitFor(async () => {
      const asked = this.#urls.map(async (url) => ({ url, ok: (await fetch(url + path)).ok }));
      const answers = (await Promise.allSettled(asked)).flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
      const { url } = answers.find(({ ok }) => ok) ?? {};
      expect(url, `${path} is not served: ${this.stdout}${this.stderr}`).toBeDefined();
      return url ?? '';
    }, WAIT);
  }

  /** Exit code, once it stopped by itself or as it was told. */
  async exit(signal?: NodeJS.Signals): Promise<unknown> {
    if (signal !== undefined) this.#child.kill(signal);
    return (await this.#exited)[0];
  }

  /** Every address that it tells in its log, as fastify writes it and as fields. */
  get #urls(): readonly string[] {
    const told = this.stdout.matchAll(/listening at (http:\/\/[\d.]+:\d+)|"host":"([\d.]+)","port":(\d+)/g);
    return [...told].map(([, url, host, port]) => url ?? `http://${host}:${port}`);
  }
}
