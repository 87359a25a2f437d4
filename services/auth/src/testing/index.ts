/** For tests of several parts together. */
export { ADMIN_LOGIN, databaseKinds, logIn, startService, untilReady } from './real-service.ts';
