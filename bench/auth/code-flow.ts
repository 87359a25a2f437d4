import { createHash, randomBytes } from 'node:crypto';
import type { HttpAnswer } from '../http.ts';
import { basic } from './basic.ts';
import { anyAddress, CALLBACK, type ConfidentialClient, PASSWORD, type Platform, type User } from './platform.ts';

/** A person logs in to an application in a fresh browser: authorization code with PKCE. @returns the refresh token */
export async function refreshTokenByCode(platform: Platform, client: ConfidentialClient, user: User): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: client.id,
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: 'openid offline_access',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state: 'bench',
  });
  const code = await new Browser(platform).logIn(`/oauth/authorize?${query}`, user);
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: CALLBACK,
  });
  const headers = basic(client);
  const { text } = await platform.http.send({ method: 'POST', path: '/oauth/token', headers, body });
  const { refresh_token: token } = JSON.parse(text);
  if (typeof token !== 'string') throw new Error('the code brought no refresh token');
  return token;
}

/** As much of a browser as the log-in page needs: it keeps cookies and sends the page's form. */
class Browser {
  readonly #platform: Platform;
  readonly #address = anyAddress();
  readonly #cookies = new Map<string, string>();

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** @returns the code that the application is sent */
  async logIn(path: string, { email }: User): Promise<string> {
    const page = await this.#send('GET', await this.#redirected('GET', path), 200);
    const action = /<form method="post" action="([^"]*)"/.exec(page.text)?.[1];
    const csrf = /name="csrf" value="([^"]*)"/.exec(page.text)?.[1];
    if (action === undefined || csrf === undefined) throw new Error('the log-in page has no form');
    const form = new URLSearchParams({ csrf, email, password: PASSWORD, do: 'log-in' });
    const callback = await this.#redirected('GET', await this.#redirected('POST', action, form));
    const { searchParams } = new URL(callback);
    const code = searchParams.get('code');
    if (code === null) throw new Error(`the application was sent no code, but ${searchParams.get('error')}`);
    return code;
  }

  async #redirected(method: 'GET' | 'POST', path: string, body?: URLSearchParams): Promise<string> {
    const { headers } = await this.#send(method, path, 303, body);
    if (typeof headers['location'] !== 'string') throw new Error(`${path} leads nowhere`);
    return headers['location'];
  }

  async #send(method: 'GET' | 'POST', url: string, expect: number, body?: URLSearchParams): Promise<HttpAnswer> {
    const { pathname, search } = new URL(url, this.#platform.server.url);
    const cookie = [...this.#cookies].map((pair) => pair.join('=')).join('; ');
    const headers = { 'x-forwarded-for': this.#address, accept: 'text/html', cookie };
    const answer = await this.#platform.http.send({
      ...{ method, path: `${pathname}${search}`, headers, expect },
      ...(body !== undefined && { body }),
    });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    return answer;
  }
}
