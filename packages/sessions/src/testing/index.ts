/** For tests and benches of other packages. */
export { sessionKeys } from '../keys.ts';
export { measurePropagation, type PropagationOptions } from './propagation.ts';
export { startSentinels, type Topology } from './topology.ts';
export { startValkey, type Valkey, type ValkeyProgram } from './valkey.ts';
export { until } from './waiting.ts';
