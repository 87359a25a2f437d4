import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Interrupted, interruption } from '../mesh/interrupt.ts';
import { MeshError, runningMesh, startMesh, stopMesh } from '../mesh/launcher.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { LOCAL } from '../mesh/paths.ts';
import { ToolchainError } from '../toolchain/index.ts';
import { type StepResult, story, storyContext } from './index.ts';
import { tell } from './tell.ts';

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

async function tellOn(mesh: MeshInfo, signal: AbortSignal): Promise<readonly StepResult[]> {
  const context = await storyContext(mesh);
  try {
    return await tell(story, context, signal);
  } finally {
    await context.close();
  }
}

/** Starts a mesh unless one runs, tells the story, and stops what it started. @returns the exit code */
async function demo(signal: AbortSignal): Promise<number> {
  const began = performance.now();
  const running = runningMesh();
  console.log(running === undefined ? 'Starting the local mesh' : 'Using the mesh that is up');
  const mesh = running ?? (await startMesh((line) => console.log(`  ${line}`), { signal }));
  console.log(`Ready after ${seconds(began)}: gateway ${mesh.gateway}`);
  try {
    const results = await tellOn(mesh, signal);
    const evidence = join(LOCAL, 'story.json');
    mkdirSync(LOCAL, { recursive: true });
    writeFileSync(evidence, `${JSON.stringify(results, undefined, 2)}\n`);
    const differ = results.filter((result) => !result.holds).length;
    console.log(
      `\n${results.length - differ} of ${results.length} steps as expected, after ${seconds(began)}. Evidence: ${evidence}`,
    );
    return differ === 0 ? 0 : 1;
  } finally {
    if (running === undefined) {
      await stopMesh();
      console.log('Next: `make up` keeps a mesh running, `make test` runs every test, README.md says where to look.');
    }
  }
}

try {
  process.exitCode = await demo(interruption());
} catch (error) {
  if (!(error instanceof MeshError || error instanceof ToolchainError || error instanceof Interrupted)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
