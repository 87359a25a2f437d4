import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { lastLines } from './log-file.ts';
import { identify, isAlive, type ProcessId, signalGroup } from './proc.ts';
import { WaitError, waitFor } from './wait.ts';

const LOG_LINES_SHOWN = 15;
const READY_WITHIN_MS = 180_000;
const RESTART_DELAYS_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000] as const;
/** After this long without an exit the back-off begins anew. */
const STABLE_AFTER_MS = 30_000;

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment but PATH and HOME: nothing of the caller's leaks in. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly log: string;
  /** Whether the process serves; tried until it answers true. */
  readonly ready: () => Promise<boolean>;
  /** Milliseconds; default 180,000. */
  readonly readyWithin?: number;
  /** Milliseconds between SIGTERM and SIGKILL; default 5,000. */
  readonly grace?: number;
}

export type ProcessState = 'starting' | 'ready' | 'restarting' | 'stopped';

/** A process that did not become ready; the message ends with its last log lines. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** One supervised child: started until ready, restarted with back-off when it dies, stopped with its whole process group. */
export class ManagedProcess {
  readonly spec: ProcessSpec;
  readonly #onChange: () => void;
  #id: ProcessId | undefined;
  #state: ProcessState = 'stopped';
  #restarts = 0;
  #exit: Promise<string> = Promise.resolve('not started');
  #held: PromiseWithResolvers<void> | undefined;
  readonly #stopping = new AbortController();

  constructor(spec: ProcessSpec, onChange: () => void) {
    this.spec = spec;
    this.#onChange = onChange;
  }

  get id(): ProcessId | undefined {
    return this.#id;
  }
  get state(): ProcessState {
    return this.#state;
  }
  get restarts(): number {
    return this.#restarts;
  }

  /** @throws StartError when it exits or is not ready in time; AbortError when stopped meanwhile */
  async start(): Promise<void> {
    await this.#launch();
    void this.#keepAlive();
  }

  /** Kills it, and keeps it from being started again until `up`. */
  async down(): Promise<void> {
    this.#held ??= Promise.withResolvers();
    if (this.#id !== undefined) signalGroup(this.#id, 'SIGKILL');
    await this.#exit;
    this.#set('restarting');
  }

  /** Resolves when it serves again. @throws WaitError */
  async up(): Promise<void> {
    this.#release();
    const { name, readyWithin = READY_WITHIN_MS } = this.spec;
    const isBack = async () => this.#state === 'ready';
    await waitFor(`${name} is back`, isBack, { timeout: readyWithin, signal: this.#stopping.signal });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#release();
    const id = this.#id;
    if (id !== undefined && isAlive(id)) {
      signalGroup(id, 'SIGTERM');
      const grace = delay(this.spec.grace ?? 5_000, 'late' as const, { ref: false });
      if ((await Promise.race([this.#exit, grace])) === 'late') signalGroup(id, 'SIGKILL');
      await this.#exit;
    }
    // What the leader left behind in its group (an Envoy of a killed pilot-agent) goes too.
    if (id !== undefined) signalGroup(id, 'SIGKILL');
    this.#set('stopped');
  }

  async #launch(): Promise<void> {
    this.#stopping.signal.throwIfAborted();
    this.#set('starting');
    this.#exit = this.#spawn();
    const stop = new AbortController();
    const ready = waitFor(`${this.spec.name} is ready`, this.spec.ready, {
      timeout: this.spec.readyWithin ?? READY_WITHIN_MS,
      signal: AbortSignal.any([stop.signal, this.#stopping.signal]),
    });
    const died = this.#exit.then((how) => Promise.reject(new StartError(how)));
    try {
      await Promise.race([ready, died]);
    } catch (error) {
      stop.abort();
      await ready.catch(() => undefined);
      throw await this.#startError(error);
    } finally {
      died.catch(() => undefined);
    }
    this.#set('ready');
  }

  /** Spawns the child; the promise settles when it has exited, with how. */
  #spawn(): Promise<string> {
    const log = openSync(this.spec.log, 'a');
    const child = spawn(this.spec.command, this.spec.args, {
      // A session of its own: a Ctrl-C at the terminal reaches only the supervisor, which stops children in order.
      detached: true,
      stdio: ['ignore', log, log],
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...this.spec.env },
      ...(this.spec.cwd === undefined ? {} : { cwd: this.spec.cwd }),
    });
    closeSync(log);
    this.#id = child.pid === undefined ? undefined : identify(child.pid);
    this.#onChange();
    return new Promise((resolve) => {
      child.once('error', (error) => resolve(`could not start: ${error.message}`));
      child.once('exit', (code, signal) =>
        resolve(signal === null ? `exited with code ${code}` : `was ended by ${signal}`),
      );
    });
  }

  async #keepAlive(): Promise<void> {
    let attempt = 0;
    while (!this.#stopping.signal.aborted) {
      const began = Date.now();
      await this.#exit;
      if (this.#stopping.signal.aborted) return;
      if (this.#id !== undefined) signalGroup(this.#id, 'SIGKILL');
      this.#restarts += 1;
      this.#set('restarting');
      if (Date.now() - began > STABLE_AFTER_MS) attempt = 0;
      await this.#pause(attempt);
      attempt += 1;
      // A start that fails or a stop meanwhile both end this round; the loop's head decides which it was.
      await this.#launch().catch(() => this.#endLate());
    }
  }

  /** Back-off; no longer than it is held where somebody holds it. */
  async #pause(attempt: number): Promise<void> {
    const pause = RESTART_DELAYS_MS[Math.min(attempt, RESTART_DELAYS_MS.length - 1)];
    if (this.#held === undefined)
      await delay(pause, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    await this.#held?.promise;
  }

  #release(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  /** A restarted process that never became ready is ended, so that the next round begins with none. */
  #endLate(): void {
    if (this.#id !== undefined && isAlive(this.#id)) signalGroup(this.#id, 'SIGKILL');
  }

  async #startError(cause: unknown): Promise<unknown> {
    if (this.#stopping.signal.aborted || !(cause instanceof StartError || cause instanceof WaitError)) return cause;
    const reason = cause instanceof StartError ? cause.message : 'did not become ready in time';
    const lines = await lastLines(this.spec.log, LOG_LINES_SHOWN);
    return new StartError(`${this.spec.name} ${reason}. Last lines of ${this.spec.log}:\n${lines}`, { cause });
  }

  #set(state: ProcessState): void {
    this.#state = state;
    this.#onChange();
  }
}
