import { randomInt } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { runningMesh, startMesh, stopMesh } from '../mesh/launcher.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** How many policies the mesh and the decision function are compared on, and what they are made of: `DIFFERENTIAL_POLICIES`, `DIFFERENTIAL_SEED`. */
    differential: { readonly policies: number; readonly seed: number };
  }
}

/** Uses the mesh that is up, or starts one for the suite and stops it afterwards. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { DIFFERENTIAL_POLICIES: policies, DIFFERENTIAL_SEED: seed } = process.env;
  project.provide('differential', { policies: Number(policies || 25), seed: Number(seed || randomInt(2 ** 31)) });
  if (runningMesh() !== undefined) return undefined;
  await startMesh((line) => console.log(`  ${line}`));
  return async () => {
    await stopMesh();
  };
}
