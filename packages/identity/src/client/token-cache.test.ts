import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { callerOf, tokenOf, WORKLOAD, World } from './world.ts';

const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world[Symbol.dispose]());

const asked = (index: number) => Object.fromEntries(world.exchanges[index] ?? []);

describe('a token', () => {
  test('for the workload itself is exchanged for its own token', async () => {
    await world.client().asWorkload().fetch('/');
    expect(asked(0)).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      client_id: WORKLOAD,
      audience: 'user',
      subject_token: tokenOf({ sub: WORKLOAD }),
      subject_token_type: JWT,
    });
  });

  test('for a user is exchanged for that of the request, with its own as the proof of who acts', async () => {
    await world
      .client({ permissions: ['user:read', 'user:write'] })
      .for(callerOf())
      .fetch('/');
    expect(asked(0)).toMatchObject({
      client_id: WORKLOAD,
      scope: 'user:read user:write',
      subject_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      subject_token_type: ACCESS_TOKEN,
      actor_token: tokenOf({ sub: WORKLOAD }),
      actor_token_type: JWT,
    });
  });

  test('is kept for each user and for the workload, and used until it ends', async () => {
    const client = world.client();
    for (const sub of ['mia', 'ben', 'mia', 'ben']) await client.for(callerOf({ sub })).fetch('/');
    await client.asWorkload().fetch('/');
    await client.asWorkload(callerOf()).fetch('/');
    expect(world.sentTokens()).toEqual(['issued-1', 'issued-2', 'issued-1', 'issued-2', 'issued-3', 'issued-3']);
    world.time = 295_000;
    await client.asWorkload().fetch('/');
    expect(world.sentTokens().at(-1)).toBe('issued-4');
  });

  test('is asked for once by all who need it at once', async () => {
    const client = world.client();
    await Promise.all(Array.from({ length: 20 }, () => client.for(callerOf()).fetch('/')));
    expect(world.exchanges).toHaveLength(1);
  });

  test('is renewed before it ends, while calls go on with the one there is', async () => {
    const client = world.client();
    await client.asWorkload().fetch('/');
    const { promise, resolve } = Promise.withResolvers<void>();
    world.auth = async () => {
      await promise;
      return world.issue();
    };
    world.time = 240_000;
    await client.asWorkload().fetch('/');
    await client.asWorkload().fetch('/');
    await vi.waitFor(() => expect(world.exchanges).toHaveLength(2), { timeout: 30_000 });
    resolve();
    await vi.waitFor(
      async () => {
        await client.asWorkload().fetch('/');
        expect(world.sentTokens().at(-1)).toBe('issued-2');
      },
      { timeout: 30_000 },
    );
    expect(world.sentTokens().slice(0, 3)).toEqual(['issued-1', 'issued-1', 'issued-1']);
    expect(world.exchanges).toHaveLength(2);
  });

  test('serves on when it cannot be renewed, until it ends', async () => {
    const client = world.client();
    await client.asWorkload().fetch('/');
    world.auth = () => new Response(null, { status: 500 });
    world.time = 240_000;
    await client.asWorkload().fetch('/');
    await vi.waitFor(() => expect(world.exchanges).toHaveLength(2), { timeout: 30_000 });
    world.time = 295_000 - 1;
    await client.asWorkload().fetch('/');
    expect(world.sentTokens()).toEqual(['issued-1', 'issued-1', 'issued-1']);
    world.time = 295_000;
    await expect(client.asWorkload().fetch('/')).rejects.toMatchObject({ code: 'exchange_failed', statusCode: 503 });
  });

  test('is asked for anew after the service did not take it', async () => {
    const client = world.client();
    world.user = () => new Response(null, { status: 401 });
    expect((await client.asWorkload().fetch('/')).status).toBe(401);
    world.user = () => new Response('fine');
    await client.asWorkload().fetch('/');
    expect(world.sentTokens()).toEqual(['issued-1', 'issued-2']);
  });

  test('that lives shorter than a call might take is used once', async () => {
    world.auth = () => world.issue(4);
    const client = world.client();
    await client.asWorkload().fetch('/');
    await client.asWorkload().fetch('/');
    expect(world.sentTokens()).toEqual(['issued-1', 'issued-2']);
  });

  test('of the user who has not called for longest is forgotten first', async () => {
    const client = world.client({ maxTokens: 2 });
    for (const sub of ['mia', 'ben', 'mia', 'eve', 'mia', 'ben']) await client.for(callerOf({ sub })).fetch('/');
    expect(world.sentTokens()).toEqual(['issued-1', 'issued-2', 'issued-1', 'issued-3', 'issued-1', 'issued-4']);
  });

  test('is proven by the file as it is now', async () => {
    const client = world.client();
    await client.for(callerOf({ sub: 'mia' })).fetch('/');
    const rotated = tokenOf({ sub: WORKLOAD, jti: 'second' });
    world.rotate(rotated);
    await client.for(callerOf({ sub: 'ben' })).fetch('/');
    expect(asked(1)['actor_token']).toBe(rotated);
  });
});

describe('a failed exchange', () => {
  test.each([
    ['a target that may not be had', 400, { error: 'invalid_target' }, 'exchange_refused'],
    ['permissions of which none may be had', 400, { error: 'invalid_scope' }, 'exchange_refused'],
    ['a proof that is not believed', 400, { error: 'invalid_request', error_description: 'eyJ' }, 'exchange_failed'],
    ['an outage', 500, { error: 'server_error' }, 'exchange_failed'],
    ['an error without words', 404, 'nothing here', 'exchange_failed'],
    [
      'a token of another kind',
      200,
      { access_token: tokenOf('x'), token_type: 'DPoP', expires_in: 9 },
      'exchange_failed',
    ],
    [
      'a token that no header can carry',
      200,
      { access_token: 'a\nb', token_type: 'Bearer', expires_in: 9 },
      'exchange_failed',
    ],
    ['a token without an end', 200, { access_token: tokenOf('x'), token_type: 'Bearer' }, 'exchange_failed'],
    [
      'too much',
      200,
      { access_token: tokenOf('x'.repeat(70_000)), token_type: 'Bearer', expires_in: 9 },
      'exchange_failed',
    ],
  ])('because of %s is told, with nothing of a token', async (_, status, body, code) => {
    world.auth = () => Response.json(body, { status });
    const caller = callerOf();
    const error = await world
      .client()
      .for(caller)
      .fetch('/')
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'ServiceCallError', code });
    expect(`${error} ${Object(error).cause}`).not.toMatch(/eyJ|e30/);
    expect(world.calls).toEqual([]);
  });

  test('is tried again where the auth service asks for it', async () => {
    world.auth = () =>
      world.exchanges.length === 1
        ? new Response(null, { status: 503, headers: { 'retry-after': '1' } })
        : world.issue();
    expect((await world.client().asWorkload().fetch('/')).status).toBe(200);
    expect(world.waits).toEqual([1_000]);
  });

  test.each([
    ['is not there', undefined],
    ['holds no token', 'hello'],
    ['holds the token of no workload', tokenOf({ sub: 'system:node:worker' })],
    ['holds a token that is no JSON', tokenOf('{')],
    ['is too large', tokenOf({ sub: WORKLOAD, x: 'x'.repeat(16_384) })],
  ])('because the file %s names the file and the way out', async (_, text) => {
    const client = world.client();
    if (text === undefined) world[Symbol.dispose]();
    else world.rotate(text);
    await expect(client.asWorkload().fetch('/')).rejects.toMatchObject({
      code: 'exchange_failed',
      message: expect.stringMatching(/service-client-.*mount a projected ServiceAccount token/),
    });
    if (text === undefined) world = new World();
  });
});
