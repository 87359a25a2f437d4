import type { LogoutNotice } from '@sekisho/sessions';
import type { Provider } from 'oidc-provider';

/**
 * - `unwanted`: there is no such application any more, or it does not ask to be told
 * - `failed`: `answered` when it is there and refused; the reason names no address
 */
export type Told =
  | { readonly result: 'delivered' | 'unwanted' }
  | { readonly result: 'failed'; readonly answered: boolean; readonly reason: string };

/**
 * Tells an application once, by a logout token of its own (OpenID Connect Back-Channel Logout 1.0).
 * Rejects when it cannot be tried: AuthError `unavailable` without keys, and what is thrown without the database.
 */
export type TellLogout = (notice: LogoutNotice) => Promise<Told>;

/**
 * oidc-provider tells applications within the request that logs a browser out, once, and nobody of any other end. Every
 * session leaves a notice when it ends; so what is made and sent stays oidc-provider's (the token, the bound on time, no
 * addresses that are special), and when is ours.
 */
export function takeOverBackchannelLogout(provider: Provider): TellLogout {
  const { prototype } = provider.Client;
  const deliver = prototype['backchannelLogout'];
  if (typeof deliver !== 'function') throw new TypeError('this oidc-provider tells applications in another way');
  prototype['backchannelLogout'] = async () => undefined;
  return async ({ clientId, userId, sessionId }) => {
    const client = await provider.Client.find(clientId);
    if (client?.backchannelLogoutUri === undefined) return { result: 'unwanted' };
    try {
      await Reflect.apply(deliver, client, [userId, sessionId]);
      return { result: 'delivered' };
    } catch (error) {
      return { result: 'failed', ...whyFailed(error) };
    }
  };
}

/** The message of what oidc-provider throws holds the application's address, and with it what may be secret there. */
function whyFailed(error: unknown): { readonly answered: boolean; readonly reason: string } {
  const { response, name, cause } = error as { response?: { status?: unknown }; name?: unknown; cause?: unknown };
  if (typeof response?.status === 'number')
    return { answered: isRefusal(response.status), reason: `${response.status}` };
  if (name === 'TimeoutError') return { answered: false, reason: 'timeout' };
  const code = (cause as { code?: unknown } | undefined)?.code;
  return { answered: false, reason: typeof code === 'string' ? code : 'connection' };
}

/** Of one notice: whoever fails, or asks to be left alone for a while, would do so for others too. */
function isRefusal(status: number): boolean {
  return status < 500 && status !== 429;
}
