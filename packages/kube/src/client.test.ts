import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { KubeClient } from './client.ts';
import { connect } from './connection.ts';
import { ConflictError, ForbiddenError, GoneError, KindUnknownError, KubeError, NotFoundError } from './errors.ts';
import { FakeApi, FakeClock, kubeconfigOf } from './testing/index.ts';
import { CONFIG_MAPS, configMap, listOf, statusOf } from './testing/objects.ts';
import type { Transport } from './transport.ts';

const ITEM = '/api/v1/namespaces/shop/configmaps/a';
const REF = { namespace: 'shop', name: 'a' };
const PATIENCE_MS = 60_000;

let api: FakeApi;
let transport: Transport;
let client: KubeClient;

beforeEach(async () => {
  api = await FakeApi.start();
  transport = connect({ kubeconfig: api.kubeconfig, credentialTtlMs: 3_600_000 });
  const retry = { attempts: 3, backoff: { baseMs: 1, maxMs: 2 }, maxRetryAfterMs: 2_000 };
  client = new KubeClient(transport, { fieldManager: 'test', timeoutMs: PATIENCE_MS, maxBodyBytes: 10_000, retry });
});

afterEach(async () => {
  await transport.close();
  await api.close();
});

describe('calls', () => {
  test('get carries the credentials and returns the object', async () => {
    const seen = api.reply('GET', ITEM, 200, configMap('a', '7', { k: 'v' }));
    expect((await client.get(CONFIG_MAPS, REF))['data']).toEqual({ k: 'v' });
    expect((await seen).headers.authorization).toBe('Bearer fake-token');
    api.verify();
  });

  test('list follows continue tokens and names the kind of each item', async () => {
    const all = '/api/v1/configmaps?labelSelector=app%3Dx&limit=2';
    const bare = (name: string) => ({ metadata: { name } });
    void api.reply('GET', all, 200, listOf('9', [bare('a'), bare('b')], 'next'));
    void api.reply('GET', `${all}&continue=next`, 200, listOf('9', [bare('c')]));
    const list = await client.list(CONFIG_MAPS, { labelSelector: 'app=x', limit: 2 });
    expect(list.resourceVersion).toBe('9');
    expect(list.items.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'ConfigMap a',
      'ConfigMap b',
      'ConfigMap c',
    ]);
    api.verify();
  });

  test('apply sends an apply patch with field manager and force', async () => {
    const seen = api.reply(
      'PATCH',
      `${ITEM}?fieldManager=test&force=true&fieldValidation=Ignore`,
      200,
      configMap('a', '8'),
    );
    await client.apply(CONFIG_MAPS, configMap('a', '7'), { force: true });
    expect((await seen).headers['content-type']).toBe('application/apply-patch+yaml');
    expect((await seen).body).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'a' } });
    api.verify();
  });

  test('delete sends its preconditions', async () => {
    const seen = api.reply('DELETE', ITEM, 200, statusOf(200, ''));
    await client.delete(CONFIG_MAPS, REF, { uid: 'u', resourceVersion: '7' });
    expect((await seen).body).toMatchObject({ preconditions: { uid: 'u', resourceVersion: '7' } });
  });

  test('a table brings the printer columns', async () => {
    const columnDefinitions = [{ name: 'Name', type: 'string', priority: 0 }];
    void api.reply('GET', '/api/v1/configmaps', 200, { kind: 'Table', columnDefinitions, rows: [{ cells: ['a'] }] });
    const table = await client.table(CONFIG_MAPS);
    expect(table).toEqual({ columns: [{ name: 'Name', type: 'string', priority: 0 }], rows: [['a']] });
  });

  test.each(['', '.', '..'])('a name %j never becomes another path', async (name) => {
    await expect(client.get(CONFIG_MAPS, { namespace: 'shop', name })).rejects.toMatchObject({ code: 'bad_request' });
  });

  test('a hundred calls share the connections of one pool', async () => {
    const calls = Array.from({ length: 100 }, () => {
      void api.reply('GET', ITEM, 200, configMap('a', '7'));
      return client.get(CONFIG_MAPS, REF);
    });
    await Promise.all(calls);
    for (let i = 0; i < 20; i += 1) {
      void api.reply('GET', ITEM, 200, configMap('a', '7'));
      await client.get(CONFIG_MAPS, REF);
    }
    expect(api.connections).toBeLessThanOrEqual(16);
    api.verify();
  });
});

describe('failures', () => {
  test.each([
    [404, 'NotFound', NotFoundError, 'not_found'],
    [409, 'Conflict', ConflictError, 'conflict'],
    [410, 'Expired', GoneError, 'gone'],
    [403, 'Forbidden', ForbiddenError, 'forbidden'],
  ])('%i %s has a class and a code of its own', async (status, reason, Class, code) => {
    void api.reply('GET', ITEM, status, statusOf(status, reason, 'why'));
    const error = await client.get(CONFIG_MAPS, REF).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Class);
    expect(error).toBeInstanceOf(KubeError);
    expect(error).toMatchObject({ code, status, reason });
    api.verify();
  });

  test('a namespace that is being deleted is told from a right that is missing', async () => {
    const causes = [{ reason: 'NamespaceTerminating', message: 'namespace shop is being terminated' }];
    const status = Object.assign({}, statusOf(403, 'Forbidden'), { details: { causes } });
    void api.reply('GET', ITEM, 403, status);
    const error = await client.get(CONFIG_MAPS, REF).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ForbiddenError);
    expect(error).toMatchObject({ code: 'namespace_terminating', reason: 'Forbidden' });
  });

  test('a path that no API serves is an unknown kind, not a missing object', async () => {
    void api.expect('GET', ITEM, (response) => response.writeHead(404).end('404 page not found\n'));
    await expect(client.get(CONFIG_MAPS, REF)).rejects.toBeInstanceOf(KindUnknownError);
  });

  test('a throttled call waits as long as the server says', async () => {
    void api.reply('POST', '/api/v1/namespaces/shop/configmaps?fieldManager=test', 429, {}, { 'retry-after': '1' });
    const again = api.reply('POST', '/api/v1/namespaces/shop/configmaps?fieldManager=test', 201, configMap('a', '1'));
    const clock = new FakeClock();
    const created = new KubeClient(transport, { fieldManager: 'test', clock }).create(CONFIG_MAPS, configMap('a', '0'));
    await vi.waitFor(() => expect(clock.pending).toEqual([1_000]), PATIENCE_MS);
    await clock.advance(999);
    expect(api.pending).toBe(1);
    await clock.advance(1);
    await again;
    await created;
    api.verify();
  });

  test('a longer Retry-After than we wait is handed to the caller', async () => {
    void api.reply('GET', ITEM, 429, statusOf(429, 'TooManyRequests'), { 'retry-after': '60' });
    await expect(client.get(CONFIG_MAPS, REF)).rejects.toMatchObject({ retryAfterMs: 60_000 });
    api.verify();
  });

  test('an apply is repeated after 503 and after a cut connection', async () => {
    const path = `${ITEM}?fieldManager=test&force=false&fieldValidation=Ignore`;
    void api.reply('PATCH', path, 503, {});
    void api.expect('PATCH', path, (response) => response.socket?.resetAndDestroy());
    void api.reply('PATCH', path, 200, configMap('a', '8'));
    await client.apply(CONFIG_MAPS, configMap('a', '7'));
    api.verify();
  });

  test('a create is not repeated after a failure that may hide a success', async () => {
    void api.expect('POST', '/api/v1/namespaces/shop/configmaps?fieldManager=test', (response) =>
      response.socket?.resetAndDestroy(),
    );
    await expect(client.create(CONFIG_MAPS, configMap('a', '0'))).rejects.toMatchObject({ code: 'network' });
    api.verify();
  });

  test('an answer that never ends is given up', async () => {
    const quick = new KubeClient(transport, {
      fieldManager: 'test',
      timeoutMs: 50,
      retry: { attempts: 1, backoff: { baseMs: 1, maxMs: 1 }, maxRetryAfterMs: 0 },
    });
    void api.stream('GET', ITEM);
    await expect(quick.get(CONFIG_MAPS, REF)).rejects.toMatchObject({ code: 'timeout' });
  });

  test('an answer larger than the bound is refused', async () => {
    void api.reply('GET', ITEM, 200, configMap('a', '7', { k: 'v'.repeat(20_000) }));
    await expect(client.get(CONFIG_MAPS, REF)).rejects.toMatchObject({ code: 'too_large' });
  });

  test('an aborted call ends at once and is not repeated', async () => {
    const controller = new AbortController();
    const streaming = api.stream('GET', ITEM);
    const call = client.get(CONFIG_MAPS, REF, { signal: controller.signal });
    await streaming;
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'aborted' });
    api.verify();
  });

  test('a rotated token is read again after 401', async () => {
    void api.reply('GET', ITEM, 200, configMap('a', '7'));
    await client.get(CONFIG_MAPS, REF);
    await writeFile(api.kubeconfig, kubeconfigOf(api.url, 'rotated\n'));
    void api.reply('GET', ITEM, 401, statusOf(401, 'Unauthorized'));
    const second = api.reply('GET', ITEM, 200, configMap('a', '7'));
    await client.get(CONFIG_MAPS, REF);
    expect((await second).headers.authorization).toBe('Bearer rotated');
    api.verify();
  });

  test('401 with the same token stays 401', async () => {
    void api.reply('GET', ITEM, 401, statusOf(401, 'Unauthorized'));
    await expect(client.get(CONFIG_MAPS, REF)).rejects.toMatchObject({ code: 'unauthorized' });
    api.verify();
  });

  test('a kubeconfig that cannot be used is a config error', async () => {
    expect(() => connect({ kubeconfig: '/nonexistent/kubeconfig' })).toThrow(KubeError);
  });
});

describe('a guard', () => {
  const put = (guarded: KubeClient) => guarded.apply(CONFIG_MAPS, configMap('a', '7'));
  const guardedBy = (check: () => void, signal = new AbortController().signal) =>
    new KubeClient(transport, { fieldManager: 'test', guard: { check, signal } });
  const refuse = () => {
    throw new KubeError('not_leader', 'no');
  };

  test('keeps writes from being sent, and lets reads pass', async () => {
    const guarded = guardedBy(refuse);
    await expect(put(guarded)).rejects.toMatchObject({ code: 'not_leader' });
    await expect(guarded.delete(CONFIG_MAPS, REF)).rejects.toMatchObject({ code: 'not_leader' });
    void api.reply('GET', ITEM, 200, configMap('a', '7'));
    await guarded.get(CONFIG_MAPS, REF);
    expect(api.calls).toHaveLength(1);
  });

  test('is asked once more when the connection stands, right before the request is written to it', async () => {
    const connectionsWhenAsked: number[] = [];
    const check = () => {
      connectionsWhenAsked.push(api.connections);
      if (connectionsWhenAsked.length > 1) refuse();
    };
    await expect(put(guardedBy(check))).rejects.toMatchObject({ code: 'not_leader' });
    expect(connectionsWhenAsked).toHaveLength(2);
    expect(connectionsWhenAsked[0]).toBe(0);
    // The server may take note of it after the client does.
    await vi.waitFor(() => expect(api.connections).toBe(1), PATIENCE_MS);
    expect(api.calls).toEqual([]);
  });

  test('aborts a write under way when the right ends', async () => {
    const right = new AbortController();
    const seen = api.expect('PATCH', `${ITEM}?fieldManager=test&force=false&fieldValidation=Ignore`, () => undefined);
    const writing = put(guardedBy(() => undefined, right.signal));
    await seen;
    right.abort(new KubeError('not_leader', 'the lease ran out'));
    await expect(writing).rejects.toMatchObject({ code: 'not_leader' });
  });
});

test('a rate limit holds requests back and no watch', async () => {
  const clock = new FakeClock();
  const limited = new KubeClient(transport, { fieldManager: 'test', rateLimit: { perSecond: 10, burst: 1 }, clock });
  api.allow('GET', ITEM, (response) => response.end(JSON.stringify(configMap('a', '7'))));
  const answered: number[] = [];
  const asked = [1, 2, 3].map((which) => limited.get(CONFIG_MAPS, REF).then(() => answered.push(which)));
  for (const count of [1, 2]) {
    await vi.waitFor(() => expect(answered).toHaveLength(count), PATIENCE_MS);
    await clock.advance(99);
    expect(api.calls).toHaveLength(count);
    await clock.advance(1);
  }
  await Promise.all(asked);
  const stream = api.stream('GET', '/api/v1/configmaps?allowWatchBookmarks=true&resourceVersion=7&watch=true');
  const events = limited.watch(CONFIG_MAPS, { resourceVersion: '7' });
  const first = events.next();
  (await stream).send({ type: 'ADDED', object: configMap('b', '8') });
  expect((await first).value).toMatchObject({ type: 'ADDED' });
  (await stream).end();
});
