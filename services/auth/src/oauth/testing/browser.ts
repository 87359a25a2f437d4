import type { InjectOptions, LightMyRequestResponse } from 'fastify';

/** An app, or what stands before one. */
export interface Injectable {
  inject(options: InjectOptions): Promise<LightMyRequestResponse>;
}

export interface Answer {
  readonly status: number;
  readonly url: URL;
  readonly body: string;
  readonly headers: Headers;
}

interface Cookie {
  readonly value: string;
  readonly path: string;
  readonly attributes: string;
}

/** The page is not one that can be filled in. */
export class NoForm extends Error {}

/** A browser without scripts: keeps cookies by path, follows redirects on the issuer's origin, and fills in forms. */
export class Browser {
  readonly cookies = new Map<string, Cookie>();
  readonly #app: Injectable;
  readonly #origin: string;

  constructor(app: Injectable, origin: string) {
    this.#app = app;
    this.#origin = origin;
  }

  async get(url: string | URL): Promise<Answer> {
    return this.#follow(await this.request('GET', new URL(url, this.#origin)));
  }

  /** Sends the page's form, with its hidden fields and those given. */
  async submit(page: Answer, fields: Readonly<Record<string, string>>): Promise<Answer> {
    const action = /<form method="post" action="([^"]*)"/.exec(page.body)?.[1];
    if (action === undefined) throw new NoForm(`no form on the page: ${page.status} ${page.body.slice(-600)}`);
    const hidden = [...page.body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
    const form = new URLSearchParams(hidden.map(([, name = '', value = '']): [string, string] => [name, value]));
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    return this.#follow(await this.request('POST', new URL(action, page.url), form.toString()));
  }

  /** One request, no redirect followed. */
  async request(
    method: 'GET' | 'POST',
    url: URL,
    form?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const response = await this.#app.inject({
      method,
      url: `${url.pathname}${url.search}`,
      headers: {
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
        cookie: this.#cookiesFor(url.pathname),
        'user-agent': 'a browser of a test',
        accept: 'text/html',
        ...headers,
      },
      ...(form !== undefined && { payload: form }),
    });
    for (const line of [response.headers['set-cookie'] ?? []].flat()) this.#keep(line, url.pathname);
    const answerHeaders = new Headers(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
    return { status: response.statusCode, url, body: response.body, headers: answerHeaders };
  }

  async #follow(answer: Answer): Promise<Answer> {
    const location = answer.headers.get('location');
    if (answer.status < 300 || answer.status > 399 || location === null) return answer;
    const next = new URL(location, answer.url);
    if (next.origin !== this.#origin) return { ...answer, url: next };
    return this.#follow(await this.request('GET', next));
  }

  #cookiesFor(path: string): string {
    const fitting = [...this.cookies].filter(
      ([, cookie]) => cookie.path === '/' || path === cookie.path || path.startsWith(`${cookie.path}/`),
    );
    return fitting.map(([key, { value }]) => `${key.split(' ', 1)[0]}=${value}`).join('; ');
  }

  #keep(line: string, requestPath: string): void {
    const [pair = '', ...attributes] = line.split(/; ?/);
    const at = pair.indexOf('=');
    const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? requestPath;
    const key = `${pair.slice(0, at)} ${path}`;
    const expires = attributes.find((attribute) => /^expires=/i.test(attribute))?.slice(8);
    const isOver = expires !== undefined && new Date(expires) < new Date();
    if (isOver || attributes.includes('Max-Age=0')) this.cookies.delete(key);
    else this.cookies.set(key, { value: pair.slice(at + 1), path, attributes: attributes.join('; ') });
  }
}
