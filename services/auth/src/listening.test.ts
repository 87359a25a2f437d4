import type { ListenAddress } from '@sekisho/telemetry';
import { expect, test } from 'vitest';
import { listenUnlessStopping, type Startable } from './listening.ts';

const addresses = { listen: { host: '127.0.0.1', port: 8080 }, adminListen: { host: '127.0.0.1', port: 8081 } };
const served = { listen: 'http://127.0.0.1:8080', adminListen: 'http://127.0.0.1:8081' };

/** A service whose apps listen; `onListen` hears of each before, and may refuse. */
function fake(onListen: (port: number) => void = () => undefined) {
  const seen = { listened: 0, closed: 0 };
  const app = {
    async listen({ host, port }: ListenAddress) {
      onListen(port);
      seen.listened += 1;
      return `http://${host}:${port}`;
    },
  };
  const service: Startable = {
    publicApp: app,
    adminApp: app,
    close: async () => {
      seen.closed += 1;
    },
  };
  return { service, seen };
}

test('a service that has started listens at both addresses', async () => {
  const { service, seen } = fake();
  expect(await listenUnlessStopping(Promise.resolve(service), addresses, new AbortController().signal)).toEqual(served);
  expect(seen).toEqual({ listened: 2, closed: 0 });
});

test('a start that fails is told, and one that fails while the process stops is not', async () => {
  const starting = Promise.reject(new Error('no database'));
  await expect(listenUnlessStopping(starting, addresses, new AbortController().signal)).rejects.toThrow('no database');
  expect(await listenUnlessStopping(starting, addresses, AbortSignal.abort())).toBeUndefined();
});

test('a service whose start succeeds in the moment in which the process is told to stop does not listen', async () => {
  const { service, seen } = fake();
  const stopping = new AbortController();
  const { promise, resolve } = Promise.withResolvers<Startable>();
  const listening = listenUnlessStopping(promise, addresses, stopping.signal);
  resolve(service);
  stopping.abort();
  expect(await listening).toBeUndefined();
  expect(seen.listened).toBe(0);
});

test('a port that is taken is told, and what was opened is closed', async () => {
  const { service, seen } = fake((port) => {
    if (port === 8081) throw new Error('EADDRINUSE');
  });
  const starting = Promise.resolve(service);
  await expect(listenUnlessStopping(starting, addresses, new AbortController().signal)).rejects.toThrow('EADDRINUSE');
  expect(seen.closed).toBe(1);
});

test('one that is closed between its two addresses is no failure', async () => {
  const stopping = new AbortController();
  const { service } = fake((port) => {
    if (port !== 8081) return;
    stopping.abort();
    throw new Error('the server is closing');
  });
  expect(await listenUnlessStopping(Promise.resolve(service), addresses, stopping.signal)).toBeUndefined();
});
