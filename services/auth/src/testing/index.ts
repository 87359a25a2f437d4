/** For tests of several parts together. */
export { type FreezableProxy, startProxyFor } from './freezable-proxy.ts';
export { ADMIN_LOGIN, databaseKinds, logIn, startService, untilReady } from './real-service.ts';
