import { isExpected } from '../mesh/expected.ts';
import { interruption } from '../mesh/interrupt.ts';
import { runningMesh, startMesh, stopMesh } from '../mesh/launcher.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { conclude, secondsSince } from './conclude.ts';
import { type StepResult, story, storyContext } from './index.ts';
import { tell } from './tell.ts';

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
  console.log(`Ready after ${secondsSince(began)}: gateway ${mesh.gateway}`);
  try {
    return conclude(await tellOn(mesh, signal), { file: 'story.json', began });
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
  if (!isExpected(error)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
