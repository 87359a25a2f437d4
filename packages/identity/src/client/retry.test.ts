import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, World } from './world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world[Symbol.dispose]());

const refusedConnection = () => Promise.reject(new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') }));
const busy = (retryAfter?: string) => () =>
  new Response('busy', { status: 503, ...(retryAfter !== undefined && { headers: { 'retry-after': retryAfter } }) });

/** Answers in turn, the last one for ever. */
function inTurn(...answers: readonly [Answer, ...Answer[]]): Answer {
  return (sent) => (answers[Math.min(world.calls.length, answers.length) - 1] ?? answers[0])(sent);
}

describe('a call is made again', () => {
  test.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])('by %s when the connection fails', async (method) => {
    world.user = inTurn(refusedConnection, refusedConnection, () => new Response('at last'));
    expect((await world.client().asWorkload().fetch('/', { method })).status).toBe(200);
    expect(world.waits).toEqual([50, 100]);
  });

  test.each([
    ['1', [1_000]],
    ['0', [0]],
    ['Fri, 02 Jan 2026 03:04:07 GMT', [2_000]],
    ['Fri, 02 Jan 2026 03:04:00 GMT', [0]],
  ])('after 503 with Retry-After: %s', async (retryAfter, waits) => {
    world.user = inTurn(busy(retryAfter), () => new Response('at last'));
    expect((await world.client().asWorkload().fetch('/')).status).toBe(200);
    expect(world.waits).toEqual(waits);
  });

  test('twice at most', async () => {
    world.user = busy('0');
    expect((await world.client().asWorkload().fetch('/')).status).toBe(503);
    expect(world.calls).toHaveLength(3);
    world.user = refusedConnection;
    await expect(world.client().asWorkload().fetch('/')).rejects.toMatchObject({
      code: 'call_failed',
      statusCode: 503,
    });
    expect(world.calls).toHaveLength(6);
  });
});

describe('a call is not made again', () => {
  test.each<[string, string, Answer]>([
    ['by a method that may have had its effect', 'POST', refusedConnection],
    ['by a method that may have had its effect, whatever the service asks', 'POST', busy('0')],
    ['after 503 without Retry-After', 'GET', busy()],
    ['after 503 with a Retry-After that says nothing', 'GET', busy('soon')],
    ['after 503 that asks for more time than there is', 'GET', busy('60')],
    ['after another status', 'GET', () => new Response(null, { status: 500, headers: { 'retry-after': '0' } })],
    ['after an argument that fetch refuses', 'GET', () => Promise.reject(new TypeError('not that'))],
  ])('%s', async (_, method, answer) => {
    world.user = answer;
    await world
      .client()
      .asWorkload()
      .fetch('/', { method })
      .catch(() => undefined);
    expect(world.calls).toHaveLength(1);
    expect(world.waits).toEqual([]);
  });

  test('with a body that streams', async () => {
    world.user = refusedConnection;
    const body = ReadableStream.from([new Uint8Array(1)]);
    await expect(world.client().asWorkload().fetch('/', { method: 'PUT', body })).rejects.toMatchObject({
      code: 'call_failed',
    });
    expect(world.calls).toHaveLength(1);
    expect(world.calls[0]?.init.duplex).toBe('half');
  });
});
