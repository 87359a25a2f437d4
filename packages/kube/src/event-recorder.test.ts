import { expect, test } from 'vitest';
import { KubeClient } from './client.ts';
import { kubeError } from './errors.ts';
import type { EventFacts } from './event.ts';
import { EventRecorder } from './event-recorder.ts';
import { FakeClock, settle } from './testing/index.ts';
import { configMap } from './testing/objects.ts';
import type { Call, Transport } from './transport.ts';

interface Sent {
  readonly path: string;
  readonly event: { readonly note: string; readonly series?: { readonly count: number } } & Record<string, unknown>;
}

function setup(options: { maxSeries?: number; send?: (call: Call) => Promise<never> } = {}) {
  const clock = new FakeClock();
  const sent: Sent[] = [];
  const errors: unknown[] = [];
  let dropped = 0;
  const transport: Transport = {
    close: async () => undefined,
    send: async (call) => {
      sent.push({ path: call.path, event: JSON.parse(call.body ?? '') });
      await options.send?.(call);
      return { status: 200, retryAfterMs: undefined, body: ReadableStream.from([Buffer.from(call.body ?? '')]) };
    },
  };
  const retry = { attempts: 1, backoff: { baseMs: 1, maxMs: 1 }, maxRetryAfterMs: 0 };
  const recorder = new EventRecorder({
    client: new KubeClient(transport, { fieldManager: 'test', clock, retry, rateLimit: { perSecond: 1, burst: 3 } }),
    reporter: { controller: 'auth.sekisho.dev/operator', instance: 'pod_1' },
    onError: (error) => errors.push(error),
    onDropped: () => {
      dropped += 1;
    },
    ...(options.maxSeries !== undefined && { maxSeries: options.maxSeries }),
    clock,
    random: () => 0,
  });
  return { clock, sent, errors, recorder, dropped: () => dropped };
}

const facts = (name: string, rest: Partial<EventFacts> = {}): EventFacts => {
  const happened = { type: 'Normal', reason: 'Programmed', action: 'Program', note: 'all is well' } as const;
  return { regarding: configMap(name, '1'), ...happened, ...rest };
};

test('tells what happened to an object', async () => {
  const { sent, recorder } = setup();
  recorder.record(facts('a'));
  await settle();
  expect(sent).toHaveLength(1);
  expect(sent[0]?.path).toMatch(/^\/apis\/events.k8s.io\/v1\/namespaces\/shop\/events\/a\.[0-9a-f]{16}\?/);
  expect(sent[0]?.event).toMatchObject({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    eventTime: '2026-01-01T00:00:00.000000Z',
    reportingController: 'auth.sekisho.dev/operator',
    reportingInstance: 'pod_1',
    regarding: { kind: 'ConfigMap', namespace: 'shop', name: 'a', uid: 'uid-a' },
    type: 'Normal',
    reason: 'Programmed',
    action: 'Program',
    note: 'all is well',
  });
  expect(sent[0]?.event).not.toHaveProperty('series');
});

test('counts repetitions in one Event, written once a minute', async () => {
  const { clock, sent, recorder } = setup();
  for (let i = 0; i < 100; i += 1) {
    recorder.record(facts('a'));
    await clock.advance(1_000);
  }
  await clock.advance(60_000);
  expect(sent.map(({ event }) => event.series?.count)).toEqual([undefined, 60, 100]);
  expect(new Set(sent.map(({ path }) => path)).size).toBe(1);
});

test('after a quiet time the same is told anew', async () => {
  const { clock, sent, recorder } = setup();
  recorder.record(facts('a'));
  await clock.advance(360_000);
  recorder.record(facts('a'));
  await settle();
  expect(new Set(sent.map(({ path }) => path)).size).toBe(2);
  expect(sent[1]?.event).not.toHaveProperty('series');
});

test('writes no faster than its rate, and leaves out what is too much', async () => {
  const { clock, sent, recorder, dropped } = setup({ maxSeries: 5 });
  for (let i = 0; i < 20; i += 1) recorder.record(facts(`a${i}`));
  await clock.advance(100);
  expect(sent).toHaveLength(3);
  await clock.advance(60_000);
  expect(sent).toHaveLength(5);
  expect(dropped()).toBe(15);
});

test('one noisy object leaves room for others', async () => {
  const { clock, sent, recorder } = setup();
  for (let i = 0; i < 100; i += 1) recorder.record(facts('noisy', { note: `attempt ${i}` }));
  recorder.record(facts('calm'));
  await clock.advance(60_000);
  expect(sent.filter(({ path }) => path.includes('noisy'))).toHaveLength(10);
  expect(sent.at(-1)?.path).toContain('calm');
});

test('a failure is told to the operator of the process and forgotten', async () => {
  const send = () => Promise.reject(kubeError('network', 'down'));
  const { clock, sent, errors, recorder } = setup({ send });
  recorder.record(facts('a'));
  await clock.advance(600_000);
  expect(sent).toHaveLength(1);
  expect(errors).toMatchObject([{ code: 'network' }]);
});

test('a note is cut to what the API server takes, between characters', async () => {
  const { sent, recorder } = setup();
  recorder.record(facts('a', { note: '関'.repeat(1_000) }));
  await settle();
  const note = sent[0]?.event.note ?? '';
  expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1_024);
  expect(note).toMatch(/^関+…$/);
});

test('an event of a cluster-scoped object lives in the namespace default', async () => {
  const { sent, recorder } = setup();
  const regarding = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', uid: 'u' } };
  recorder.record(facts('a', { regarding }));
  await settle();
  expect(sent[0]?.path).toContain('/namespaces/default/events/n1.');
});

test('what is still to be told when it ends is told, as far as rate and grace allow', async () => {
  const { clock, sent, recorder } = setup();
  for (let i = 0; i < 10; i += 1) recorder.record(facts(`a${i}`));
  const stopped = recorder.stop(2_000);
  recorder.record(facts('late'));
  await clock.advance(2_000);
  await stopped;
  // Three at once, and one a second.
  expect(sent.map(({ event }) => event['regarding'])).toMatchObject([0, 1, 2, 3, 4].map((i) => ({ name: `a${i}` })));
});
