/** For tests of other packages. */
export { freePort } from './free-port.ts';
export { keptTracing, SAMPLED, type ToldSpan, UNSAMPLED } from './kept-tracing.ts';
export { type Line, startLine } from './line.ts';
export { standStill } from './stand-still.ts';
