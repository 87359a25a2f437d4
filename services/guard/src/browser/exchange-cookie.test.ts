import { systemClock } from '@sekisho/kube';
import { describe, expect, test } from 'vitest';
import { createAuthClient } from '../auth/auth-client.ts';
import { createExchangeCookie } from './exchange-cookie.ts';

function setUp(answer: () => Response) {
  const requests: { url: string; init: RequestInit | undefined }[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    requests.push({ url: String(input), init });
    return answer();
  };
  const readToken = async () => 'service-account-token\n';
  const ask = createAuthClient({ authUrl: 'http://auth/', readToken, fetch, clock: systemClock });
  return { requests, exchange: createExchangeCookie(ask) };
}

const problem = (status: number, code: string) => Response.json({ status, code }, { status });

describe('a cookie', () => {
  test('is exchanged in the name of this workload', async () => {
    const { requests, exchange } = setUp(() => Response.json({ access_token: 'a.b.c', expires_in: 900 }));
    expect(await exchange('skb_x')).toEqual({ token: 'a.b.c', expiresIn: 900 });
    expect(requests).toMatchObject([
      {
        url: 'http://auth/v1/browser-sessions/token',
        init: {
          method: 'POST',
          redirect: 'error',
          body: '{"cookie":"skb_x"}',
          headers: { authorization: 'Bearer service-account-token', 'content-type': 'application/json' },
        },
      },
    ]);
  });

  test('that stands for nothing is over', async () => {
    const { exchange } = setUp(() => problem(401, 'session_expired'));
    expect(await exchange('skb_x')).toBeUndefined();
  });

  test.each(['', 'x', 'skb_', 'skb_ä', 'skb_a b', `skb_${'a'.repeat(509)}`, 'skr_x'])(
    'that the auth service did not make is not asked about: %j',
    async (cookie) => {
      const { requests, exchange } = setUp(() => problem(500, 'internal'));
      expect(await exchange(cookie)).toBeUndefined();
      expect(requests).toEqual([]);
    },
  );

  test.each<[string, () => Response, string]>([
    ['this workload is refused', () => problem(401, 'token_invalid'), 'auth_refused'],
    ['it is none that may ask', () => problem(403, 'permission_missing'), 'auth_refused'],
    ['the auth service fails', () => problem(503, 'unavailable'), 'auth_refused'],
    ['there is no such path', () => new Response('', { status: 404 }), 'auth_refused'],
    ['the answer is no JSON', () => new Response('<html>'), 'answer_invalid'],
    ['the answer is no token', () => Response.json({ access_token: '', expires_in: 900 }), 'answer_invalid'],
    ['the token is over', () => Response.json({ access_token: 'a', expires_in: 0 }), 'answer_invalid'],
    ['the answer is too long', () => new Response('a'.repeat(200_000)), 'answer_invalid'],
  ])('is not over because %s', async (_, answer, code) => {
    const { exchange } = setUp(answer);
    await expect(exchange('skb_x')).rejects.toMatchObject({ code });
  });

  test('is in no error', async () => {
    const { exchange } = setUp(() => new Response('skb_x is what you sent', { status: 500 }));
    const error = await exchange('skb_x').catch((caught: unknown) => caught);
    expect(String(error)).not.toContain('skb_x');
  });
});
