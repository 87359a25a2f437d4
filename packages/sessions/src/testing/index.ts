/** For tests and benches of other packages. */
export { measurePropagation, type PropagationOptions } from './propagation.ts';
