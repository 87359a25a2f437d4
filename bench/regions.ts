import { hotPathFigures } from './regions/hot-path-figures.ts';
import { lagFigures } from './regions/lag-figures.ts';
import { memoryFigures } from './regions/memory-figures.ts';
import { propagationFigures } from './regions/propagation-figures.ts';
import { sessionFigures } from './regions/session-figures.ts';
import { startWorld } from './regions/world.ts';
import { createSections, publish, report } from './report.ts';

/**
 * What it costs to be one of two regions: the auth service and the guard of a region against the same ones without REGION, whose database
 * is as far away; and how soon one region knows what happened in the other, 80 ms away. Rates are per second of the server's CPU; what is
 * compared takes turns. Judged by people: a missed target fails nothing.
 */
await using opened = new AsyncDisposableStack();
const { figures, section } = createSections();
const world = await startWorld(opened, report);
await section('what the guard answers of sessions that it knows', () => hotPathFigures(world, opened));
await section('log-in and refresh', () => sessionFigures(world));
await section('until the global store has a log-in', () => lagFigures(world));
await section('until the other region refuses who logged out', () => propagationFigures(world, opened));
await section('memory', async () => memoryFigures(world));
publish('regions', figures, ['each region is 80 ms from the global store and from the database, there and back']);
