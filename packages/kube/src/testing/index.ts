/** Doubles for tests of controllers; not for production code. */
export { FakeApi, kubeconfigOf, type OpenStream, type SeenCall } from './fake-api.ts';
export { FakeClock, settle } from './fake-clock.ts';
export { TickingClock } from './ticking-clock.ts';
