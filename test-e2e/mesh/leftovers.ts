import { isAlive, type ProcessId, processesOf, signalGroup } from './proc.ts';
import { waitFor } from './wait.ts';

/** Kills every process that carries the mark of `folder`, this one apart, and answers them. */
export function killMarked(folder: string): readonly ProcessId[] {
  const marked = processesOf(folder).filter((id) => id.pid !== process.pid);
  for (const id of marked) end(id);
  return marked;
}

/** The same, and answers how many there were when all have ended. */
export async function endLeftovers(folder: string): Promise<number> {
  const left = killMarked(folder);
  await waitFor('leftover processes end', async () => left.every((id) => !isAlive(id)), { timeout: 60_000 });
  return left.length;
}

function end(id: ProcessId): void {
  signalGroup(id, 'SIGKILL');
  if (isAlive(id)) process.kill(id.pid, 'SIGKILL');
}
