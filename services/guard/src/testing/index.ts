/** For benches and tests of other packages. */
export { createService, type Service, type ServiceOptions } from '../service.ts';
export { FakeAuth } from './fake-auth.ts';
export { edgePolicy, gateway, issuer, policy, route, service } from './objects.ts';
