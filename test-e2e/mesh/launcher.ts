import { fork } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureToolchain } from '../toolchain/index.ts';
import type { DaemonMessage } from './daemon.ts';
import { type MeshInfo, readMesh } from './mesh-info.ts';
import { meshPaths } from './paths.ts';
import { isAlive, MESH_MARK, type ProcessId, processesOf, signalGroup } from './proc.ts';
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

/**
 * Starts the mesh of this checkout and answers when it serves. What a crashed run left behind is ended first.
 * @param signal aborts the start: everything that was started is stopped before this rejects
 * @throws MeshError, ToolchainError
 */
export async function startMesh(report: Report, signal?: AbortSignal): Promise<MeshInfo> {
  if (supervisorId() !== undefined)
    throw new MeshError('a mesh of this checkout is running already: `make status`, `make down`');
  const tools = await ensureToolchain(process.env, report);
  signal?.throwIfAborted();
  const paths = meshPaths();
  const left = await endLeftovers(paths.folder);
  if (left > 0) report(`ended ${left} processes that an earlier run had left behind`);
  rmSync(paths.folder, { recursive: true, force: true });
  rmSync(paths.mesh, { force: true });
  mkdirSync(paths.logs, { recursive: true });
  await launch(JSON.stringify(tools), report, signal);
  return readMesh();
}

/** Stops the mesh and everything it started. Answers whether there was any. */
export async function stopMesh(): Promise<boolean> {
  const id = supervisorId();
  if (id !== undefined) {
    process.kill(id.pid, 'SIGTERM');
    await waitFor('the mesh stops', async () => !isAlive(id), { timeout: STOP_TIMEOUT_MS });
  }
  const left = await endLeftovers(meshPaths().folder);
  rmSync(meshPaths().mesh, { force: true });
  return id !== undefined || left > 0;
}

function launch(tools: string, report: Report, signal: AbortSignal | undefined): Promise<void> {
  const child = fork(join(import.meta.dirname, 'daemon.ts'), [tools], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, [MESH_MARK]: meshPaths().folder },
  });
  const abort = (): boolean => child.kill('SIGTERM');
  signal?.addEventListener('abort', abort, { once: true });
  return new Promise((resolve, reject) => {
    let failure = 'the supervisor of the mesh ended; see .local/mesh/daemon.log';
    child.on('message', (message: DaemonMessage) => {
      if (message.type === 'progress') report(message.line);
      if (message.type === 'failed') failure = message.message;
      if (message.type !== 'ready') return;
      signal?.removeEventListener('abort', abort);
      child.disconnect();
      child.unref();
      resolve();
    });
    // A daemon that failed stops its children first and exits then: only that is the end of a failed start.
    child.once('exit', () => reject(signal?.aborted === true ? signal.reason : new MeshError(failure)));
    child.once('error', reject);
  });
}

async function endLeftovers(folder: string): Promise<number> {
  const left = processesOf(folder).filter((id) => id.pid !== process.pid);
  for (const id of left) end(id);
  await waitFor('leftover processes end', async () => left.every((id) => !isAlive(id)), { timeout: 10_000 });
  return left.length;
}

function end(id: ProcessId): void {
  signalGroup(id, 'SIGKILL');
  if (isAlive(id)) process.kill(id.pid, 'SIGKILL');
}
