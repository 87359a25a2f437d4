import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';

export interface ValkeyProgram {
  readonly program: string;
  /** Where servers keep their data. */
  readonly folder: string;
  /** What marks a process as one of the test run. */
  readonly env: Readonly<Record<string, string>>;
}

export interface ValkeyOptions {
  /** As on the command line: `--maxmemory`, `1mb`. */
  readonly args?: readonly string[];
  /** Lines of a Sentinel's configuration: the server is one then. */
  readonly sentinel?: readonly string[];
}

export interface Valkey {
  readonly port: number;
  readonly url: string;
  /** Asks the server itself, on a connection of its own. */
  ask(command: string, ...args: readonly (string | number)[]): Promise<unknown>;
  freeze(): void;
  thaw(): void;
  /** At once, without a last word. */
  kill(): Promise<void>;
  /** On the same port, with the data that it kept; one that runs goes on. */
  start(): Promise<void>;
  remove(): Promise<void>;
}

const HOST = '127.0.0.1';
const ATTEMPTS = 10;
/** A server that stands still fails what it is asked, so that who waits for it can go on asking. */
const ASKING = { commandTimeout: 30_000, retryStrategy: () => null, maxRetriesPerRequest: 0 };

/** A server of the test's own, which keeps an append-only file. */
export async function startValkey(place: ValkeyProgram, options: ValkeyOptions = {}): Promise<Valkey> {
  for (let attempt = 1; ; attempt += 1) {
    const server = await prepare(place, options);
    try {
      await server.start();
      return server;
    } catch (error) {
      // A port that was free may have found another owner meanwhile.
      await server.remove();
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

async function prepare(place: ValkeyProgram, { args = [], sentinel }: ValkeyOptions): Promise<Valkey> {
  const folder = await mkdtemp(join(place.folder, 'valkey-'));
  const port = await freePort();
  // Its title would overwrite the environment, and with it the mark by which leftovers are found.
  const network = ['--bind', HOST, '--port', String(port), '--dir', folder, '--set-proc-title', 'no'];
  const config = join(folder, 'sentinel.conf');
  if (sentinel !== undefined) await writeFile(config, sentinel.map((line) => `${line}\n`).join(''));
  const data = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '', '--repl-diskless-sync-delay', '0'];
  const all = sentinel === undefined ? [...network, ...data, ...args] : [config, '--sentinel', ...network, ...args];
  let child: ChildProcess | undefined;

  const server: Valkey = {
    port,
    url: `redis://${HOST}:${port}`,
    ask: (command, ...rest) => ask(port, command, rest),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async start() {
      if (isRunning(child)) return;
      child = spawn(place.program, all, { env: { ...place.env }, stdio: 'ignore' });
      await untilAnswers(port, child);
    },
    async kill() {
      if (!isRunning(child)) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
    async remove() {
      await server.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return server;
}

function isRunning(child: ChildProcess | undefined): child is ChildProcess {
  return child !== undefined && child.exitCode === null && child.signalCode === null;
}

/** Resolves when it is this one that answers, and none that another test started on the same port. */
async function untilAnswers(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}`);
    try {
      if (String(await ask(port, 'info', ['server'])).includes(`process_id:${child.pid}\r`)) return;
    } catch (error) {
      // One that asks who comes does answer.
      if (error instanceof Error && /^(NOAUTH|NOPERM)/.test(error.message)) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function ask(port: number, command: string, args: readonly (string | number)[]): Promise<unknown> {
  const redis = new Redis({ ...ASKING, host: HOST, port, lazyConnect: true });
  let why: Error | undefined;
  redis.on('error', (error: Error) => {
    why = error;
  });
  try {
    await redis.connect();
    return await redis.call(command, ...args);
  } catch (error) {
    // What is rejected tells of a closed connection alone.
    throw why ?? error;
  } finally {
    redis.disconnect();
  }
}

/** Below those that the system gives to whoever asks for any (from 32768), and so is a Cluster's bus, 10000 above it: nobody is given one while it is killed. */
async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = 16_000 + Math.floor(Math.random() * 6_000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
  throw new Error('no free port was found');
}

function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, HOST, () => probe.close(() => resolve(true)));
  });
}
