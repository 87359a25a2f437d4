export { type BareCluster, startBareCluster } from './bare-cluster.ts';
export { type BareStores, startBareStores } from './bare-stores.ts';
export { Cluster } from './cluster.ts';
export { killed } from './killed.ts';
export { MeshError, runningMesh, startMesh, stopMesh } from './launcher.ts';
export { type MeshInfo, readMesh, type WorkloadInfo } from './mesh-info.ts';
export { processMemory } from './status.ts';
export { type WaitOptions, waitFor } from './wait.ts';
