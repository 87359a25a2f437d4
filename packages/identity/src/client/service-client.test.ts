import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { peerHeaders } from '../testing.ts';
import { type Answer, callerOf, World } from './world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world[Symbol.dispose]());

describe('a call', () => {
  test('carries the token, the request id and the trace, and what the application adds', async () => {
    const trace = { 'x-request-id': 'r1', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    const init = { method: 'POST', body: '{"a":1}', headers: { 'Content-Type': 'application/json' } };
    const response = await world.client().for(callerOf({}, trace)).fetch('/api/users?q=%C3%A9', init);
    expect(await response.json()).toEqual({ name: 'Mia' });
    const [sent] = world.calls;
    expect(sent?.url).toBe('http://user.shop/api/users?q=%C3%A9');
    expect(sent?.init).toMatchObject({ method: 'POST', body: '{"a":1}', redirect: 'manual' });
    expect(sent?.init.headers).toEqual({
      'content-type': 'application/json',
      authorization: expect.stringMatching(/^Bearer e30\./),
      ...trace,
    });
  });

  test('asks for its token within the same trace', async () => {
    const headers: unknown[] = [];
    world.auth = ({ init }) => {
      headers.push(init.headers);
      return world.issue();
    };
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await world.client().for(callerOf({}, { traceparent })).fetch('/');
    expect(headers).toEqual([expect.objectContaining({ traceparent })]);
  });

  test('lets nobody set another credential or another trace', async () => {
    const headers = { AUTHORIZATION: 'Bearer mine', 'X-Request-ID': 'mine' };
    await world
      .client()
      .asWorkload(callerOf({}, { 'x-request-id': 'r1' }))
      .fetch('/', { headers });
    expect(Object.values(world.calls[0]?.init.headers ?? {})).not.toContain('mine');
    expect(world.calls[0]?.init.headers).toMatchObject({ 'x-request-id': 'r1' });
    expect(world.sentTokens()).toEqual(['issued-1']);
  });

  test.each([
    { permissions: [] },
    { permissions: [''] },
    { permissions: ['user:read '] },
    { permissions: ['user:read user:delete'] },
  ])(
    'narrowed to %j is none: who exchanges tokens would read that in another way, nothing as everything',
    (narrowing) => {
      expect(() => world.client(narrowing)).toThrow(expect.objectContaining({ code: 'call_invalid' }));
    },
  );

  test('follows no redirect', async () => {
    world.user = () => new Response(null, { status: 302, headers: { location: 'http://evil/' } });
    expect((await world.client().asWorkload().fetch('/')).status).toBe(302);
    expect(world.calls).toHaveLength(1);
  });

  test.each(['api', '@evil/', '.evil', ':80/', '/a/../b', '/a/%2e%2e/b', '/a b', '/é', '/\\evil', '/a\n', ''])(
    'to the path %j is refused before a token is asked for',
    async (path) => {
      const calling = world.client().asWorkload().fetch(path);
      await expect(calling).rejects.toMatchObject({
        code: 'call_invalid',
        message: expect.stringContaining('encodeURIComponent'),
      });
      expect(world.exchanges).toEqual([]);
    },
  );

  test('with a header that HTTP forbids is refused without its value', async () => {
    const calling = world
      .client()
      .asWorkload()
      .fetch('/', { headers: { 'x-note': 'a\nhunter2' } });
    const error = await calling.catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'call_invalid' });
    expect(`${error} ${Object(error).cause}`).not.toContain('hunter2');
  });

  test('is made for no one but a user whose request was read', () => {
    const client = world.client();
    const peer = peerHeaders({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'web' });
    const [job, mtls] = [
      callerOf({ sub: 'web', client_id: 'web', user: undefined }),
      callerOf({}, { authorization: undefined, ...peer }),
    ];
    expect(() => client.for(callerOf({}, { authorization: undefined }))).toThrow(
      expect.objectContaining({ code: 'token_missing' }),
    );
    expect(() => client.for(mtls)).toThrow(expect.objectContaining({ code: 'token_missing' }));
    expect(() => client.for(job)).toThrow(expect.objectContaining({ code: 'user_missing' }));
    expect(() => client.for({ ...callerOf() })).toThrow(expect.objectContaining({ code: 'call_invalid' }));
  });

  test('goes to an origin', () => {
    expect(() => world.client({ url: new URL('http://user.shop/api') })).toThrow(
      expect.objectContaining({ code: 'call_invalid' }),
    );
  });
});

describe('an answer', () => {
  test('that is too large ends with an error', async () => {
    world.user = () => new Response('x'.repeat(1_001));
    const response = await world.client({ maxAnswerBytes: 1_000 }).asWorkload().fetch('/');
    await expect(response.text()).rejects.toMatchObject({ code: 'answer_too_large' });
  });

  test('that is just small enough, or empty, is whole', async () => {
    world.user = () => new Response('x'.repeat(1_000));
    const client = world.client({ maxAnswerBytes: 1_000 });
    expect(await (await client.asWorkload().fetch('/')).text()).toHaveLength(1_000);
    world.user = () => new Response(null, { status: 204 });
    expect(await (await client.asWorkload().fetch('/')).text()).toBe('');
  });

  test('that breaks off is a failed call', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new TypeError('terminated')) });
    world.user = () => new Response(body);
    const response = await world.client().asWorkload().fetch('/');
    await expect(response.text()).rejects.toMatchObject({ code: 'call_failed', cause: { message: 'terminated' } });
  });

  test('that nobody reads on is given up', async () => {
    let cancelled = false;
    const cancel = () => {
      cancelled = true;
    };
    world.user = () => new Response(new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(9)), cancel }));
    const response = await world.client().asWorkload().fetch('/');
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(cancelled).toBe(true);
  });
});

describe('a call ends', () => {
  const silent: Answer = ({ init }) =>
    new Promise((_, reject) => init.signal.addEventListener('abort', () => reject(init.signal.reason)));

  test('when its time is over, with what did not answer', async () => {
    world.user = silent;
    await expect(world.client({ timeoutMs: 10 }).asWorkload().fetch('/')).rejects.toMatchObject({
      code: 'call_timed_out',
      statusCode: 504,
    });
    world.auth = silent;
    await expect(world.client({ timeoutMs: 10 }).asWorkload().fetch('/')).rejects.toMatchObject({
      code: 'call_timed_out',
    });
  });

  test('when its time is over while the answer comes', async () => {
    world.user = ({ init }) =>
      new Response(
        new ReadableStream({
          start: (to) => {
            to.enqueue(new Uint8Array(1));
            init.signal.addEventListener('abort', () => to.error(init.signal.reason));
          },
        }),
      );
    const calling = world.client({ timeoutMs: 200 }).asWorkload().fetch('/');
    await expect(calling.then((response) => response.text())).rejects.toMatchObject({ code: 'call_timed_out' });
  });

  test('when it is aborted, with the reason as it is, and others who wait for the same token go on', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    world.auth = async () => {
      await promise;
      return world.issue();
    };
    const client = world.client();
    const controller = new AbortController();
    const aborted = client.asWorkload().fetch('/', { signal: controller.signal });
    const other = client.asWorkload().fetch('/');
    const reason = new Error('the user left');
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    resolve();
    expect((await other).status).toBe(200);
    expect(world.exchanges).toHaveLength(1);
  });

  test('before it begins when it is aborted already', async () => {
    const reason = new Error('the user left');
    await expect(
      world
        .client()
        .asWorkload()
        .fetch('/', { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
    expect(world.calls).toEqual([]);
  });
});
