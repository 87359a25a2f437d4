import { runningMesh, startMesh, stopMesh } from '../mesh/launcher.ts';

/** Uses the mesh that is up, or starts one for the suite and stops it afterwards. */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (runningMesh() !== undefined) return undefined;
  await startMesh((line) => console.log(`  ${line}`));
  return async () => {
    await stopMesh();
  };
}
