/** Real API servers for integration tests, which the set-up of their run provides. */
export { ControlPlane, type ControlPlaneOrder, type ServerName } from './control-plane.ts';
export { type Answer, manifestsIn, PrivateCluster } from './private-cluster.ts';
