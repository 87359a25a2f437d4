import { fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureToolchain } from '../toolchain/index.ts';
import { claim } from './claim.ts';
import type { DaemonMessage, DaemonOrder } from './daemon.ts';
import { endLeftovers } from './leftovers.ts';
import { type MeshInfo, readMesh } from './mesh-info.ts';
import { meshPaths } from './paths.ts';
import { isAlive, MESH_MARK, type ProcessId, signalGroup } from './proc.ts';
import { waitFor } from './wait.ts';

const STOP_TIMEOUT_MS = 60_000;

export type Report = (line: string) => void;

/** The mesh could not be started; the message holds the failing process' last log lines. */
export class MeshError extends Error {
  override readonly name = 'MeshError';
}

/** The running mesh of this checkout, if its supervisor lives and it is ready. */
export function runningMesh(): MeshInfo | undefined {
  if (supervisorId() === undefined) return undefined;
  try {
    return readMesh();
  } catch {
    return undefined;
  }
}

/** The live supervisor of this checkout's mesh, ready or still starting. */
export function supervisorId(): ProcessId | undefined {
  try {
    const id = JSON.parse(readFileSync(meshPaths().daemon, 'utf8')) as ProcessId;
    return isAlive(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

export interface StartOptions {
  /** Leaves the mesh running when this process ends. Without it the mesh ends with this process, however that ends. */
  readonly keep?: boolean;
  /** Aborts the start: everything that was started is stopped before `startMesh` rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Starts the mesh of this checkout and answers when it serves. What a crashed run left behind is ended first.
 * @throws MeshError, ToolchainError
 */
export async function startMesh(report: Report, options: StartOptions = {}): Promise<MeshInfo> {
  const release = await claim(`start/${meshPaths().folder}`);
  if (release === undefined)
    throw new MeshError('a mesh of this checkout is being started already: wait for it, or `make down`');
  try {
    return await start(report, options);
  } finally {
    await release();
  }
}

async function start(report: Report, { keep = false, signal }: StartOptions): Promise<MeshInfo> {
  if (supervisorId() !== undefined)
    throw new MeshError('a mesh of this checkout is running already: `make status`, `make down`');
  const tools = await ensureToolchain(process.env, report, signal);
  const left = await endLeftovers(meshPaths().folder);
  if (left > 0) report(`ended ${left} processes that an earlier run had left behind`);
  emptyFolder();
  signal?.throwIfAborted();
  await launch({ tools, keep }, report, signal);
  return readMesh();
}

function emptyFolder(): void {
  const { folder, logs, mesh } = meshPaths();
  try {
    for (const path of [folder, mesh]) rmSync(path, { recursive: true, force: true });
    mkdirSync(logs, { recursive: true });
  } catch (cause) {
    throw new MeshError(
      `cannot make an empty folder for the mesh: ${String(cause)}. It must be this user's, on a disk with some space.`,
      { cause },
    );
  }
}

/** Stops the mesh and everything it started. Answers whether there was any. */
export async function stopMesh(): Promise<boolean> {
  const id = supervisorId();
  if (id !== undefined) {
    signalGroup(id, 'SIGTERM');
    signalGroup(id, 'SIGCONT'); // a test that was killed may have left it standing still
    // What has not stopped by then is a leftover.
    await waitFor('the mesh stops', async () => !isAlive(id), { timeout: STOP_TIMEOUT_MS }).catch(() => undefined);
  }
  const left = await endLeftovers(meshPaths().folder);
  rmSync(meshPaths().mesh, { force: true });
  return id !== undefined || left > 0;
}

function launch(order: DaemonOrder, report: Report, signal: AbortSignal | undefined): Promise<void> {
  const { folder, output } = meshPaths();
  const log = openSync(output, 'a');
  const child = fork(join(import.meta.dirname, 'daemon.ts'), [JSON.stringify(order)], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...process.env, [MESH_MARK]: folder },
  });
  closeSync(log);
  const abort = (): boolean => child.kill('SIGTERM');
  signal?.addEventListener('abort', abort, { once: true });
  return new Promise((resolve, reject) => {
    let failure = `the supervisor of the mesh ended: see ${output}`;
    child.on('message', (message: DaemonMessage) => {
      if (message.type === 'progress') report(message.line);
      if (message.type === 'failed') failure = message.message;
      if (message.type !== 'ready') return;
      signal?.removeEventListener('abort', abort);
      if (order.keep) child.disconnect();
      else child.channel?.unref();
      child.unref();
      resolve();
    });
    // A daemon that failed stops its children first and exits then: only that is the end of a failed start.
    child.once('exit', () => reject(signal?.aborted === true ? signal.reason : new MeshError(failure)));
    child.once('error', reject);
  });
}
