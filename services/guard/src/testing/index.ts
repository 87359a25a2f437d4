/** For benches of other packages. */
export { FakeAuth } from './fake-auth.ts';
export { edgePolicy, gateway, issuer, policy, route, service } from './objects.ts';
