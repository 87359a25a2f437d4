import { isExpected } from '../mesh/expected.ts';
import { interruption } from '../mesh/interrupt.ts';
import { runningMesh, startMesh, stopMesh } from '../mesh/launcher.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { traceMesh } from './traced-mesh.ts';
import { tracedPerson, tracedRequest } from './traced-request.ts';
import { waterfall } from './waterfall.ts';

/** Traces one request and shows it. */
async function show(mesh: MeshInfo): Promise<void> {
  await using traced = await traceMesh(mesh);
  console.log(`\nPOST ${mesh.edge}/api/bucket-items, every span by OTLP to ${mesh.collector}:\n`);
  const trace = await tracedRequest(mesh, traced.collector, await tracedPerson(mesh));
  console.log(waterfall(trace, { colour: process.stdout.isTTY && process.env['NO_COLOR'] === undefined }));
}

/** Starts a mesh unless one runs, and stops what it started. */
async function main(signal: AbortSignal): Promise<void> {
  const running = runningMesh();
  console.log(running === undefined ? 'Starting the local mesh' : 'Using the mesh that is up');
  const mesh = running ?? (await startMesh((line) => console.log(`  ${line}`), { signal }));
  try {
    await show(mesh);
  } finally {
    if (running === undefined) await stopMesh();
  }
}

try {
  await main(interruption());
} catch (error) {
  if (!isExpected(error)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
