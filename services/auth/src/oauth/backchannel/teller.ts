import type { LogoutNotice } from '@sekisho/sessions';
import type { Provider } from 'oidc-provider';
import { isUnavailable } from '../unavailable.ts';

/**
 * - `unwanted`: there is no such application any more, or it does not ask to be told
 * - `failed`: `answered` when it is there and refused; the reason names no address
 */
export type Told =
  | { readonly result: 'delivered' | 'unwanted' }
  | { readonly result: 'failed'; readonly answered: boolean; readonly reason: string };

/**
 * Tells an application once, by a logout token of its own (OpenID Connect Back-Channel Logout 1.0).
 * Rejects when it cannot be tried, as everything of OAuth does without keys or the database.
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
    try {
      const client = await provider.Client.find(clientId);
      if (client?.backchannelLogoutUri === undefined) return { result: 'unwanted' };
      await Reflect.apply(deliver, client, [userId, sessionId]);
      return { result: 'delivered' };
    } catch (error) {
      // Not the application's fault.
      if (isUnavailable(error)) throw error;
      return { result: 'failed', ...whyFailed(error) };
    }
  };
}

/** The message of what oidc-provider throws holds the application's address, and with it what may be secret there. */
function whyFailed(error: unknown): { readonly answered: boolean; readonly reason: string } {
  const status: unknown =
    error instanceof Error && 'response' in error ? Reflect.get(Object(error.response), 'status') : undefined;
  if (typeof status === 'number') return { answered: isRefusal(status), reason: `${status}` };
  const { name, cause } = error instanceof Error ? error : new Error();
  if (!(cause instanceof Error)) return { answered: false, reason: name };
  // What broke the connection, which fetch hides behind an error of its own.
  return { answered: false, reason: 'code' in cause ? String(cause.code) : cause.message };
}

/** Of one notice: whoever fails, or asks to be left alone for a while, would do so for others too. */
function isRefusal(status: number): boolean {
  return status < 500 && status !== 429;
}
