import type { Toolchain } from '../toolchain/index.ts';
import type { Cluster } from './cluster.ts';
import type { ServerContext } from './control-plane.ts';
import type { Supervisor } from './supervisor.ts';

/** Everything that the parts of a start share. */
export interface Assembly {
  readonly tools: Toolchain;
  readonly supervisor: Supervisor;
  readonly context: ServerContext;
  readonly cluster: Cluster;
  readonly report: (line: string) => void;
}
