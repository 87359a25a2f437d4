import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Interrupted, interruption } from '../mesh/interrupt.ts';
import { MeshError } from '../mesh/launcher.ts';
import { LOCAL } from '../mesh/paths.ts';
import { tell } from '../story/tell.ts';
import { ToolchainError } from '../toolchain/index.ts';
import { startRegions } from './launcher.ts';
import { regionsContext, regionsStory } from './story/index.ts';

const PICTURE = `
    tokyo                                            osaka
    guard, auth, Valkey ──80 ms──┐        ┌──80 ms── guard, auth, Valkey
                          global Valkey, PostgreSQL
`;

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Starts two regions, tells the story, and stops them. @returns the exit code */
async function demo(signal: AbortSignal): Promise<number> {
  const began = performance.now();
  console.log(`Starting two regions on this machine${PICTURE}`);
  await using regions = await startRegions((line) => console.log(`  ${line}`), { signal });
  console.log(`Ready after ${seconds(began)}`);
  const results = await tell(regionsStory, await regionsContext(regions), signal);
  const evidence = join(LOCAL, 'regions-story.json');
  mkdirSync(LOCAL, { recursive: true });
  writeFileSync(evidence, `${JSON.stringify(results, undefined, 2)}\n`);
  const differ = results.filter(({ holds }) => !holds).length;
  console.log(
    `\n${results.length - differ} of ${results.length} steps as expected, after ${seconds(began)}. Evidence: ${evidence}`,
  );
  console.log('Next: docs/regions.md says how to install regions, `make chaos-regions` lets everything fail in turn.');
  return differ === 0 ? 0 : 1;
}

try {
  process.exitCode = await demo(interruption());
} catch (error) {
  if (!(error instanceof MeshError || error instanceof ToolchainError || error instanceof Interrupted)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
