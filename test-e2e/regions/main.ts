import { isExpected } from '../mesh/expected.ts';
import { interruption } from '../mesh/interrupt.ts';
import { conclude, secondsSince } from '../story/conclude.ts';
import { tell } from '../story/tell.ts';
import { startRegions } from './launcher.ts';
import { regionsContext, regionsStory } from './story/index.ts';

const PICTURE = `
    tokyo                                            osaka
    guard, auth, Valkey ──80 ms──┐        ┌──80 ms── guard, auth, Valkey
                          global Valkey, PostgreSQL ── its replica, in osaka
`;

/** Starts two regions, tells the story, and stops them. @returns the exit code */
async function demo(signal: AbortSignal): Promise<number> {
  const began = performance.now();
  console.log(`Starting two regions on this machine${PICTURE}`);
  await using regions = await startRegions((line) => console.log(`  ${line}`), { signal });
  console.log(`Ready after ${secondsSince(began)}`);
  const results = await tell(regionsStory, await regionsContext(regions), signal);
  const code = conclude(results, { file: 'regions-story.json', began });
  console.log('Next: docs/regions.md says how to install regions, `make chaos-regions` lets everything fail in turn.');
  return code;
}

try {
  process.exitCode = await demo(interruption());
} catch (error) {
  if (!isExpected(error)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
