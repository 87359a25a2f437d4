import { traceFigures } from './edge/trace-figures.ts';
import { startWorld } from './edge/world.ts';
import { publish, report } from './report.ts';

/** What traces cost the guard, in rounds in which all that are compared take turns. Judged by people: a missed target fails nothing. */
await using opened = new AsyncDisposableStack();
report('four guards, their stores and an API server start');
const world = await startWorld(opened, report);
publish('traces', await traceFigures(world, opened), [
  'five spans of each recorded question, delivered to a collector that is not counted',
]);
