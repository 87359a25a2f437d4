import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { KubeClient } from './client.ts';
import type { Clock } from './clock.ts';
import { connect } from './connection.ts';
import { KindUnknownError } from './errors.ts';
import { Informer, type InformerOptions } from './informer.ts';
import type { KubeObject } from './object.ts';
import { FakeApi, FakeClock } from './testing/index.ts';
import { CONFIG_MAPS, configMap, listOf, statusOf } from './testing/objects.ts';
import type { Transport } from './transport.ts';

const LIST = '/api/v1/configmaps?limit=500';
const PATIENCE_MS = 60_000;
const watchFrom = (version: string) =>
  `/api/v1/configmaps?allowWatchBookmarks=true&resourceVersion=${version}&watch=true`;

let api: FakeApi;
let transport: Transport;
let errors: unknown[];
let recoveries: number;
let informer: Informer;
let stop: AbortController;
let running: Promise<void> | undefined;

beforeEach(async () => {
  api = await FakeApi.start();
  transport = connect({ kubeconfig: api.kubeconfig });
  errors = [];
  recoveries = 0;
  stop = new AbortController();
  informer = create();
});

afterEach(async () => {
  stop.abort();
  await running;
  await transport.close();
  await api.close();
});

interface Options extends Partial<Pick<InformerOptions<never>, 'idleMs' | 'fieldSelector' | 'prune'>> {
  readonly maxBodyBytes?: number;
  /** By which its connections time out. @default the system's */
  readonly connectionClock?: Clock;
}

function create({ maxBodyBytes = 64 * 1024, connectionClock: clock, ...options }: Options = {}): Informer {
  const client = new KubeClient(transport, {
    fieldManager: 'test',
    maxBodyBytes,
    retry: { attempts: 1, backoff: { baseMs: 1, maxMs: 1 }, maxRetryAfterMs: 0 },
    ...(clock && { clock }),
  });
  const backoff = { baseMs: 2, maxMs: 10 };
  const onError = (error: unknown) => errors.push(error);
  const onRecovered = () => {
    recoveries += 1;
  };
  return new Informer({ client, resource: CONFIG_MAPS, indexes: {}, onError, onRecovered, backoff, ...options });
}

function run(): void {
  running = informer.run(stop.signal);
}

const names = () => informer.store.list().map(({ metadata }) => metadata.name);
const added = (name: string, version: string) => ({ type: 'ADDED', object: configMap(name, version) });
const bookmark = (resourceVersion: string) => ({ type: 'BOOKMARK', object: { metadata: { resourceVersion } } });

describe('Informer', () => {
  test('has synced after the first list and follows the changes from there', async () => {
    const list = api.reply('GET', LIST, 200, listOf('5', [configMap('a', '3')]));
    const watch = api.stream('GET', watchFrom('5'));
    const changes: string[] = [];
    informer.subscribe(({ key, after }) => changes.push(`${key}@${after?.metadata.resourceVersion}`));
    expect(informer.hasSynced).toBe(false);
    run();
    await list;
    await informer.synced();
    (await watch).send(added('b', '6'), { type: 'DELETED', object: configMap('a', '7') });
    await vi.waitFor(() => expect(changes).toEqual(['shop/a@3', 'shop/b@6', 'shop/a@undefined']), PATIENCE_MS);
    expect(names()).toEqual(['b']);
    api.verify();
  });

  test('asks for the fields that matter and keeps of each object what it is told to keep', async () => {
    const selected = 'fieldSelector=metadata.name%3Da';
    void api.reply('GET', `${LIST}&${selected}`, 200, listOf('5', [{ ...configMap('a', '3'), data: { large: 'x' } }]));
    const watch = api.stream('GET', `${watchFrom('5').replace('&resource', `&${selected}&resource`)}`);
    const prune = ({ apiVersion, kind, metadata }: KubeObject) => ({ apiVersion, kind, metadata });
    informer = create({ fieldSelector: 'metadata.name=a', prune });
    run();
    await informer.synced();
    expect(informer.store.list()[0]).not.toHaveProperty('data');
    (await watch).send({ type: 'MODIFIED', object: { ...configMap('a', '6'), data: { large: 'y' } } });
    await vi.waitFor(() => expect(informer.store.get('shop/a')?.metadata.resourceVersion).toBe('6'), PATIENCE_MS);
    expect(informer.store.list()[0]).not.toHaveProperty('data');
  });

  test('goes on after a reset from the last version, bookmarks included, without another list', async () => {
    void api.reply('GET', LIST, 200, listOf('5', []));
    const first = api.stream('GET', watchFrom('5'));
    run();
    (await first).send(added('a', '6'), bookmark('40'));
    await vi.waitFor(() => expect(names()).toEqual(['a']), PATIENCE_MS);
    const second = api.stream('GET', watchFrom('40'));
    (await first).reset();
    (await second).send(added('b', '41'));
    await vi.waitFor(() => expect(names()).toEqual(['a', 'b']), PATIENCE_MS);
    expect(errors).toHaveLength(1);
    api.verify();
  });

  test('reads events that are cut anywhere, also inside a character', async () => {
    void api.reply('GET', LIST, 200, listOf('5', []));
    const watch = api.stream('GET', watchFrom('5'));
    run();
    const stream = await watch;
    const event = { type: 'ADDED', object: configMap('a', '6', { name: '関所' }) };
    const bytes = Buffer.from(`${JSON.stringify(event)}\n`);
    const inside = bytes.indexOf('関') + 1;
    for (const part of [bytes.subarray(0, 10), bytes.subarray(10, inside), bytes.subarray(inside)]) {
      stream.raw(part);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await vi.waitFor(() => expect(informer.store.get('shop/a')?.['data']).toEqual({ name: '関所' }), PATIENCE_MS);
  });

  test('half an event before a cut is no event', async () => {
    void api.reply('GET', LIST, 200, listOf('5', []));
    const first = api.stream('GET', watchFrom('5'));
    run();
    const second = api.stream('GET', watchFrom('5'));
    (await first).raw(JSON.stringify(added('a', '6')).slice(0, 30));
    (await first).end();
    (await second).send(added('a', '6'));
    await vi.waitFor(() => expect(names()).toEqual(['a']), PATIENCE_MS);
    api.verify();
  });

  test.each([
    [
      'an event',
      (path: string) =>
        api.stream('GET', path).then((s) => s.send({ type: 'ERROR', object: statusOf(410, 'Expired') })),
    ],
    ['a status', (path: string) => api.reply('GET', path, 410, statusOf(410, 'Expired'))],
  ])('lists again after 410 as %s, and drops what vanished meanwhile', async (_as, gone) => {
    void api.reply('GET', LIST, 200, listOf('5', [configMap('a', '3'), configMap('b', '4')]));
    void gone(watchFrom('5'));
    void api.reply('GET', LIST, 200, listOf('90', [configMap('b', '80')]));
    const watch = api.stream('GET', watchFrom('90'));
    const removed: string[] = [];
    informer.subscribe(({ key, after }) => after ?? removed.push(key));
    run();
    await watch;
    expect(names()).toEqual(['b']);
    expect(removed).toEqual(['shop/a']);
    api.verify();
  });

  test('outlasts lists that fail, are no JSON, or are cut, and a kind that is not installed yet', async () => {
    void api.reply('GET', LIST, 500, statusOf(500, 'InternalError'));
    void api.expect('GET', LIST, (response) => response.end('<html>'));
    void api.expect('GET', LIST, (response) => response.socket?.resetAndDestroy());
    void api.expect('GET', LIST, (response) => response.writeHead(404).end('404 page not found\n'));
    void api.reply('GET', LIST, 200, listOf('5', [configMap('a', '3')]));
    const watch = api.stream('GET', watchFrom('5'));
    run();
    await watch;
    expect(names()).toEqual(['a']);
    expect(errors).toHaveLength(4);
    expect(errors[3]).toBeInstanceOf(KindUnknownError);
    api.verify();
  });

  test('tells once that it works again, when a watch has brought something', async () => {
    void api.reply('GET', LIST, 500, statusOf(500, 'InternalError'));
    void api.reply('GET', LIST, 200, listOf('5', []));
    void api.stream('GET', watchFrom('5')).then((stream) => stream.reset());
    const watch = api.stream('GET', watchFrom('5'));
    run();
    const stream = await watch;
    expect(errors).toHaveLength(2);
    expect(recoveries).toBe(0);
    stream.send(bookmark('6'), bookmark('7'), added('a', '8'));
    await vi.waitFor(() => expect(names()).toEqual(['a']), PATIENCE_MS);
    expect(recoveries).toBe(1);
    api.verify();
  });

  test('asks for everything at once when a continue token expired', async () => {
    void api.reply('GET', LIST, 200, listOf('5', [configMap('a', '3')], 'old'));
    void api.reply('GET', `${LIST}&continue=old`, 410, statusOf(410, 'Expired'));
    void api.reply('GET', '/api/v1/configmaps', 200, listOf('9', [configMap('a', '3'), configMap('b', '8')]));
    const watch = api.stream('GET', watchFrom('9'));
    run();
    await watch;
    expect(names()).toEqual(['a', 'b']);
    api.verify();
  });

  test('asks for smaller pages when objects are so large that one page is too much', async () => {
    informer = create({ maxBodyBytes: 2_048 });
    const large = (name: string) => configMap(name, '3', { v: 'x'.repeat(1_000) });
    const pageOf = (limit: number) => `/api/v1/configmaps?limit=${limit}`;
    const both = listOf('5', [large('a'), large('b')]);
    for (const limit of [500, 125, 31, 7]) void api.reply('GET', pageOf(limit), 200, both);
    void api.reply('GET', pageOf(1), 200, listOf('5', [large('a')], 'next'));
    void api.reply('GET', `${pageOf(1)}&continue=next`, 200, listOf('5', [large('b')]));
    const watch = api.stream('GET', watchFrom('5'));
    run();
    await watch;
    expect(names()).toEqual(['a', 'b']);
    api.verify();
  });

  test('lists again when watches keep failing, since the version itself may be unusable', async () => {
    void api.reply('GET', LIST, 200, listOf('5000', [configMap('a', '4999')]));
    for (let i = 0; i < 3; i += 1) void api.reply('GET', watchFrom('5000'), 504, statusOf(504, 'Timeout'));
    void api.reply('GET', LIST, 200, listOf('7', [configMap('a', '6')]));
    const watch = api.stream('GET', watchFrom('7'));
    run();
    await watch;
    expect(informer.store.get('shop/a')?.metadata.resourceVersion).toBe('6');
    api.verify();
  });

  test('a connection without a sign of life is replaced', async () => {
    const clock = new FakeClock();
    informer = create({ idleMs: 50, connectionClock: clock });
    void api.reply('GET', LIST, 200, listOf('5', []));
    const first = api.stream('GET', watchFrom('5'));
    run();
    await first;
    const second = api.stream('GET', watchFrom('5'));
    await clock.advance(50);
    (await second).send(added('a', '6'));
    await vi.waitFor(() => expect(names()).toEqual(['a']), PATIENCE_MS);
    expect(errors[0]).toMatchObject({ code: 'timeout' });
  });

  test('a handler that throws is reported and keeps nobody else from hearing', async () => {
    void api.reply('GET', LIST, 200, listOf('5', [configMap('a', '3')]));
    void api.stream('GET', watchFrom('5'));
    const heard: string[] = [];
    informer.subscribe(() => {
      throw new Error('handler');
    });
    informer.subscribe(({ key }) => heard.push(key));
    run();
    await informer.synced();
    expect(heard).toEqual(['shop/a']);
    expect(errors).toEqual([new Error('handler')]);
  });

  test('shows the answer of an own write before the watch brings it, and tells of it', async () => {
    void api.reply('GET', LIST, 200, listOf('5', [configMap('a', '3')]));
    void api.stream('GET', watchFrom('5'));
    run();
    await informer.synced();
    const told: unknown[] = [];
    informer.subscribe(({ after }) => told.push(after?.['data']));
    informer.record(configMap('a', '6', { v: 'written' }));
    expect(informer.store.get('shop/a')?.['data']).toEqual({ v: 'written' });
    expect(told).toEqual([{ v: 'written' }]);
  });

  test('an answer that comes after the news of the deletion brings no ghost back', async () => {
    void api.reply('GET', LIST, 200, listOf('5', []));
    const watch = api.stream('GET', watchFrom('5'));
    run();
    (await watch).send(added('a', '6'), { type: 'DELETED', object: configMap('a', '7') }, added('b', '8'));
    await vi.waitFor(() => expect(names()).toEqual(['b']), PATIENCE_MS);
    informer.record(configMap('a', '6'));
    expect(names()).toEqual(['b']);
  });

  test('stops within a watch and within a pause', async () => {
    void api.reply('GET', LIST, 200, listOf('5', []));
    const watch = api.stream('GET', watchFrom('5'));
    run();
    await watch;
    stop.abort();
    await running;
    expect(errors).toEqual([]);
    api.verify();
  });
});
