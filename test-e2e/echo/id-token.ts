import { createHash, randomBytes } from 'node:crypto';
import type { AuthPlace, Person } from '../story/accounts.ts';
import { type Answer, call, json } from '../story/http.ts';

export interface Application {
  readonly id: string;
  readonly redirectUri: string;
}

export interface ApplicationTokens {
  readonly idToken: string;
  readonly accessToken: string;
}

/**
 * Logs somebody in to a public client by its authorization code (RFC 6749 section 4.1), as a browser without scripts would.
 * @throws Error naming the answer that it did not expect
 */
export async function applicationTokens(
  { auth }: AuthPlace,
  { id, redirectUri }: Application,
  person: Person,
): Promise<ApplicationTokens> {
  const verifier = randomBytes(32).toString('base64url');
  const asked = new URLSearchParams({
    ...{ client_id: id, redirect_uri: redirectUri, response_type: 'code', scope: 'openid' },
    ...{ code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' },
  });
  const browser = new Browser(auth);
  const page = await browser.open(`${auth.issuer}/oauth/authorize?${asked}`);
  const { email, password } = person;
  const back = await browser.submit(page, { do: 'log-in', email, password });
  const code = new URL(back.url).searchParams.get('code');
  if (code === null) throw new Error(`no code: ${back.answer.status} at ${back.url.split('?')[0]}`);
  const form = {
    grant_type: 'authorization_code',
    client_id: id,
    redirect_uri: redirectUri,
    code_verifier: verifier,
    code,
  };
  const answer = await posted(`${auth.url}/oauth/token`, new URLSearchParams(form));
  const { id_token: idToken, access_token: accessToken, error } = json(answer);
  if (typeof idToken !== 'string' || typeof accessToken !== 'string') throw new Error(`no tokens: ${String(error)}`);
  return { idToken, accessToken };
}

interface Page {
  readonly url: string;
  readonly answer: Answer;
}

/** Keeps cookies whatever their path is, and follows redirects for as long as they lead to the auth service. */
class Browser {
  readonly #auth: AuthPlace['auth'];
  readonly #cookies = new Map<string, string>();

  constructor(auth: AuthPlace['auth']) {
    this.#auth = auth;
  }

  open(url: string): Promise<Page> {
    return this.#visit(url, (at, headers) => call(at, { headers }));
  }

  /** Sends the page's form, with its hidden fields and those given. */
  submit({ url, answer }: Page, fields: Readonly<Record<string, string>>): Promise<Page> {
    const action = /<form method="post" action="([^"]*)"/.exec(answer.text)?.[1];
    if (action === undefined) throw new Error(`no form on the page: ${answer.status}`);
    const hidden = [...answer.text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
    const form = new URLSearchParams(hidden.map(([, name = '', value = '']): [string, string] => [name, value]));
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    return this.#visit(new URL(action, url).href, (at, headers) => posted(at, form, headers));
  }

  async #visit(
    url: string,
    ask: (at: string, headers: Readonly<Record<string, string>>) => Promise<Answer>,
  ): Promise<Page> {
    const { issuer, url: place } = this.#auth;
    if (!url.startsWith(`${issuer}/`)) throw new Error(`${url.split('?')[0]} is not at the auth service`);
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await ask(place + url.slice(issuer.length), cookie === '' ? {} : { cookie });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) this.#keep(line);
    const { location } = answer.headers;
    if (answer.status < 300 || answer.status > 399 || typeof location !== 'string') return { url, answer };
    const next = new URL(location, url).href;
    return next.startsWith(`${issuer}/`) ? this.open(next) : { url: next, answer };
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=;]*)=([^;]*)/.exec(line) ?? [];
    if (value === '') this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}

function posted(url: string, form: URLSearchParams, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const bytes = new TextEncoder().encode(form.toString());
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return call(url, { method: 'POST', bytes, headers: { ...headers, ...type } });
}
