import { randomInt } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { runningMesh, startMesh, stopMesh } from '../mesh/launcher.ts';

/** Uses the mesh that is up, or starts one for the suite and stops it afterwards. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { DIFFERENTIAL_POLICIES: policies, DIFFERENTIAL_SEED: seed } = process.env;
  project.provide('differential', { policies: Number(policies || 25), seed: Number(seed || randomInt(2 ** 31)) });
  const running = runningMesh();
  project.provide('mesh', running ?? (await startMesh((line) => console.log(`  ${line}`))));
  if (running !== undefined) return undefined;
  return async () => {
    await stopMesh();
  };
}
