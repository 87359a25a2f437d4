import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const WAIT = { timeout: 120_000, interval: 50 };

interface Address {
  readonly host: string;
  readonly port: number;
}

/** The guard as a process of its own, as a pod runs it. */
export class GuardProcess {
  readonly exited: Promise<readonly unknown[]>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  stdout = '';
  stderr = '';

  constructor(env: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.exited = once(this.#child, 'close');
    this.#child.stdout.on('data', (chunk) => {
      this.stdout += chunk;
    });
    this.#child.stderr.on('data', (chunk) => {
      this.stderr += chunk;
    });
  }

  /** Where Envoy asks, and where health is told, once it does. */
  async listening(): Promise<{ readonly check: Address; readonly ops: Address }> {
    const line = await vi.waitFor(() => {
      const found = this.stdout.split('\n').find((one) => one.includes('"msg":"listening"'));
      expect(found, this.stderr).toBeDefined();
      return found ?? '';
    }, WAIT);
    const { listen: check, opsListen: ops }: { listen: Address; opsListen: Address } = JSON.parse(line);
    return { check, ops };
  }

  /** Waits until it says so. */
  async says(text: string): Promise<void> {
    await vi.waitFor(() => expect(this.stdout).toContain(text), WAIT);
  }

  /** Waits until these checks fail, and no other: none when it is ready. */
  async failing(...checks: readonly string[]): Promise<void> {
    const { ops } = await this.listening();
    await vi.waitFor(async () => {
      const answer = await fetch(`http://${ops.host}:${ops.port}/readyz`);
      const { failing }: { failing: readonly string[] } = JSON.parse(await answer.text());
      expect([answer.status, failing.toSorted()]).toEqual([checks.length === 0 ? 200 : 503, checks.toSorted()]);
    }, WAIT);
  }

  stop(): void {
    this.#child.kill('SIGTERM');
  }

  /** For the end of a test, whatever became of it. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}
