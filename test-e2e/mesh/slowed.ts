import { setTimeout as delay } from 'node:timers/promises';
import { frozen } from './frozen.ts';
import type { MeshInfo } from './mesh-info.ts';

/** Longer than Envoy waits for the guard (250 ms). */
const STILL_MS = 400;
const MOVING_MS = 150;

/** Has a process stand still for most of the time, and move in between, while `meanwhile` runs. */
export async function slowed<T>(mesh: MeshInfo, name: string, meanwhile: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  const slowing = hold(mesh, name, over.signal);
  try {
    return await meanwhile();
  } finally {
    over.abort();
    await slowing;
  }
}

async function hold(mesh: MeshInfo, name: string, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await frozen(mesh, name, () => delay(STILL_MS));
    await delay(MOVING_MS);
  }
}
