/** Where the suite has what it needs of its own in a cluster. */
export const SUITE_NAMESPACE = 'sekisho-e2e';
/** On the loopback interface of pods that run `relay.ts`. */
export const RELAY_PORT = 15_999;
/** Of Envoy, in each pod that has one, on loopback. */
export const ENVOY_ADMIN_PORT = 15_000;
