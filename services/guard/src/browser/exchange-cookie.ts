import { MAX_ACCESS_TOKEN_LENGTH } from '@sekisho/tokens';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { type AuthClient, codeOf, invalidAnswer, parseAnswer, refusedBy } from '../auth/auth-client.ts';

export interface Exchanged {
  /** For every service that is granted: it leaves this process never. */
  readonly token: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/**
 * The access token of the session that a cookie stands for; undefined when it stands for none that lives.
 * Rejects with GuardError.
 */
export type ExchangeCookie = (cookie: string) => Promise<Exchanged | undefined>;

const AccessAnswer = Compile(
  Type.Object({
    access_token: Type.String({ minLength: 1, maxLength: MAX_ACCESS_TOKEN_LENGTH }),
    expires_in: Type.Integer({ minimum: 1, maximum: 86_400 }),
  }),
);

const PATH = '/v1/browser-sessions/token';
/** Looks like one that the auth service makes: anything else is not asked about. */
const COOKIE = /^skb_[\w-]{1,508}$/;

export function createExchangeCookie(ask: AuthClient): ExchangeCookie {
  return async (cookie) => {
    if (!COOKIE.test(cookie)) return undefined;
    const answer = await ask({ path: PATH, body: { cookie } });
    if (answer.status === 401 && codeOf(answer.text) === 'session_expired') return undefined;
    if (answer.status !== 200) throw refusedBy(answer);
    const told = parseAnswer(answer.text);
    if (!AccessAnswer.Check(told)) throw invalidAnswer('is no access token');
    return { token: told.access_token, expiresIn: told.expires_in };
  };
}
