import { coldFigures } from './edge/cold-figures.ts';
import { denialFigures } from './edge/denial-figures.ts';
import { latencyFigures } from './edge/latency-figures.ts';
import { memoryFigures } from './edge/memory-figures.ts';
import { startMeshWorld } from './edge/mesh-world.ts';
import { warmFigures } from './edge/warm-figures.ts';
import { wayFigures } from './edge/way-figures.ts';
import { startWorld } from './edge/world.ts';
import { createSections, publish, report } from './report.ts';

/**
 * What a request costs on its way. The guard as it is deployed, in a process of its own beside a real Valkey and a real API server,
 * against servers that answer the same bytes and decide nothing. Rates are per second of the server's CPU, which the load takes none
 * of; each is the median of rounds in which all that are compared take turns. Judged by people: a missed target fails nothing.
 */
const count = Number(process.env['SESSIONS'] ?? 100_000);
if (!Number.isSafeInteger(count) || count < 2_000) throw new Error('SESSIONS must be a whole number from 2000');
const only = process.env['ONLY'];
if (only !== undefined && only !== 'guard') throw new Error('ONLY must be guard: without memory and without Envoys');

const { figures, section } = createSections();
{
  await using opened = new AsyncDisposableStack();
  report('a guard, its stores and an API server start');
  const world = await startWorld(opened, report);
  await section('tokens and sessions that are known', () => warmFigures(world));
  await section('tokens and sessions never seen', () => coldFigures(world));
  await section('latency at half of the most', () => latencyFigures(world));
  if (only === undefined) await section(`memory of ${count} sessions`, () => memoryFigures(world, count));
}
if (only === undefined) {
  await using opened = new AsyncDisposableStack();
  const world = await startMeshWorld(opened, report);
  await section('through Envoys, with policies and without', () => wayFigures(world));
  await section('revocation to denial', () => denialFigures(world));
}
publish(only === undefined ? 'edge' : `edge-${only}`, figures, ['Valkey and the API server are not counted']);
