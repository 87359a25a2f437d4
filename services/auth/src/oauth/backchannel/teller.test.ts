import type { LogoutNotice } from '@sekisho/sessions';
import { generateSigningKey } from '@sekisho/tokens';
import { type Adapter, Provider } from 'oidc-provider';
import { describe, expect, test } from 'vitest';
import { AuthError } from '../../errors.ts';
import { toProviderKeys } from '../signing-keys.ts';
import { available } from '../unavailable.ts';
import { takeOverBackchannelLogout } from './teller.ts';

const key = await generateSigningKey();
const notice: LogoutNotice = { sessionId: 's1', userId: 'u1', clientId: 'shop', endedAt: 0, attempts: 0 };
const SHOP = {
  client_id: 'shop',
  redirect_uris: ['https://shop.example/'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
  id_token_signed_response_alg: 'ES256',
} as const;
const TOLD = { ...SHOP, backchannel_logout_uri: 'https://shop.example/bye?key=hunter2' };

/** oidc-provider as it is, with one client and a network that does as it is told. */
function setUp(client: () => Promise<object | undefined>, fetch: () => Promise<Response>) {
  const adapter: Pick<Adapter, 'find'> = { find: async () => (await client()) as Awaited<ReturnType<Adapter['find']>> };
  const sent: string[] = [];
  const provider = new Provider('https://auth.test', {
    adapter: () => adapter as Adapter,
    jwks: { keys: toProviderKeys(key, [key.publicJwk]) },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    features: {
      backchannelLogout: { enabled: true },
      devInteractions: { enabled: false },
      externalSigningSupport: { enabled: true, ack: 'experimental-01' },
    },
    fetch: async (url) => {
      sent.push(String(url));
      return fetch();
    },
  });
  return { provider, tell: takeOverBackchannelLogout(provider), sent };
}

const answer = (status: number) => async () => new Response(null, { status });

describe('telling an application', () => {
  test.each([200, 204])('that takes it by %i is done', async (status) => {
    const { tell, sent } = setUp(async () => TOLD, answer(status));
    expect(await tell(notice)).toEqual({ result: 'delivered' });
    expect(sent).toEqual([TOLD.backchannel_logout_uri]);
  });

  test.each([
    ['is gone', undefined],
    ['does not ask to be told', SHOP],
  ])('that %s is not wanted', async (_, client) => {
    const { tell, sent } = setUp(async () => client, answer(200));
    expect(await tell(notice)).toEqual({ result: 'unwanted' });
    expect(sent).toEqual([]);
  });

  test.each([
    [400, true],
    [404, true],
    [429, false],
    [500, false],
    [503, false],
  ])('that answers %i fails, and whether it is there for others shows', async (status, answered) => {
    const { tell } = setUp(async () => TOLD, answer(status));
    expect(await tell(notice)).toEqual({ result: 'failed', answered, reason: String(status) });
  });

  test.each<[string, Error, string]>([
    ['refuses connections', new TypeError('fetch failed', { cause: named('ECONNREFUSED') }), 'ECONNREFUSED'],
    ['has a special address', new TypeError('fetch failed', { cause: new Error('special-use IP') }), 'special-use IP'],
    ['hangs', new DOMException('The operation was aborted due to timeout', 'TimeoutError'), 'TimeoutError'],
  ])('that %s fails, with a reason that holds nothing of its address', async (_, error, reason) => {
    const { tell } = setUp(
      async () => TOLD,
      () => Promise.reject(error),
    );
    expect(await tell(notice)).toEqual({ result: 'failed', answered: false, reason });
  });

  test('that oidc-provider cannot make sense of is a failure of that one', async () => {
    const { tell } = setUp(async () => ({ ...TOLD, redirect_uris: ['nonsense'] }), answer(200));
    expect(await tell(notice)).toMatchObject({ result: 'failed', answered: false });
  });

  test('is not even tried while nobody knows who it is', async () => {
    const away = () => available(Promise.reject(new AuthError('unavailable', 'the database is away')));
    const { tell, sent } = setUp(away, answer(200));
    await expect(tell(notice)).rejects.toMatchObject({ error: 'temporarily_unavailable' });
    expect(sent).toEqual([]);
  });

  test('is left to it: oidc-provider itself tells nobody', async () => {
    const { provider, sent } = setUp(async () => TOLD, answer(200));
    const client = await provider.Client.find('shop');
    const deliver = client?.['backchannelLogout'];
    if (typeof deliver !== 'function') throw new TypeError('it has the method that log-out calls');
    await Reflect.apply(deliver, client, ['u1', 's1']);
    expect(sent).toEqual([]);
  });
});

function named(code: string): Error {
  return Object.assign(new Error(`connect ${code} 192.0.2.1:443`), { code });
}
