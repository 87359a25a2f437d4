import { Pool } from 'undici';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object goes as JSON, parameters as a form. */
  readonly body?: object | URLSearchParams;
  /** @default 200 */
  readonly expect?: number;
}

export interface HttpAnswer {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Connections that stay open to one server; as many as calls are under way, up to a limit. */
export class HttpClient {
  readonly #pool: Pool;

  constructor(url: string, connections = 64) {
    this.#pool = new Pool(url, { connections, pipelining: 1 });
  }

  /** Rejects for any other status than the one expected. */
  async send({ method, path, headers, body, expect = 200 }: HttpRequest): Promise<HttpAnswer> {
    const answer = await this.#pool.request({
      method,
      path,
      headers: { ...headers, ...typeOf(body) },
      body: textOf(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode !== expect) throw new Error(`${method} ${path} was answered ${answer.statusCode}: ${text}`);
    return { headers: answer.headers, text };
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

function typeOf(body: HttpRequest['body']): Readonly<Record<string, string>> {
  if (body === undefined) return {};
  const isForm = body instanceof URLSearchParams;
  return { 'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json' };
}

function textOf(body: HttpRequest['body']): string | null {
  if (body === undefined) return null;
  return body instanceof URLSearchParams ? body.toString() : JSON.stringify(body);
}
