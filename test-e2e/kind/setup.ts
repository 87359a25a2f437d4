import { randomInt } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { openKindMesh } from './kind-mesh.ts';
import type { HelmTarget } from './release.ts';
import { settingsFrom } from './settings.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The chart in the suite's cluster. */
    release: HelmTarget;
  }
}

/** Brings a cluster to where the suite can run on it, and collects the logs of its pods where a test failed. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { DIFFERENTIAL_POLICIES: policies, DIFFERENTIAL_SEED: seed } = process.env;
  project.provide('differential', { policies: Number(policies || 3), seed: Number(seed || randomInt(2 ** 31)) });
  const mesh = await openKindMesh(settingsFrom(process.env), (line) => console.log(`  ${line}`));
  project.provide('mesh', mesh.info);
  project.provide('release', mesh.release);
  return async () => {
    await using _ = mesh;
    if (project.vitest.state.getCountOfFailedTests() > 0) await mesh.collectLogs();
  };
}
