import { Agent, type Dispatcher, request } from 'undici';
import { OperatorError } from './errors.ts';

/** Fetches what a URL holds as JSON. Throws `OperatorError` `jwks_*`. */
export type FetchJson = (uri: string, signal: AbortSignal) => Promise<unknown>;

export interface FetchOptions {
  /** For the whole exchange, DNS and TLS included. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** A fetch that stays on the host that was named: a redirect is an answer, and not the wanted one. */
export function createFetchJson({ timeoutMs, maxBytes }: FetchOptions): { fetch: FetchJson; close(): Promise<void> } {
  const agent = new Agent({ connections: 2, connect: { timeout: timeoutMs } });
  return {
    close: () => agent.destroy(),
    async fetch(uri, stop) {
      const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), stop]);
      try {
        const response = await request(uri, { dispatcher: agent, signal, headers: { accept: 'application/json' } });
        return await bodyOf(response, maxBytes);
      } catch (cause) {
        if (cause instanceof OperatorError) throw cause;
        if (signal.aborted && !stop.aborted)
          throw new OperatorError('jwks_timeout', `no whole answer within ${timeoutMs} ms`, { cause });
        throw new OperatorError('jwks_unreachable', `no answer (${codeOf(cause)})`, { cause });
      }
    },
  };
}

async function bodyOf({ statusCode, body }: Dispatcher.ResponseData, maxBytes: number): Promise<unknown> {
  if (statusCode !== 200) {
    await body.dump({ limit: 16 * 1024 });
    if (statusCode >= 300 && statusCode < 400) {
      throw new OperatorError('jwks_redirect', `answered ${statusCode}; redirects are not followed`);
    }
    throw new OperatorError('jwks_status', `answered ${statusCode}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxBytes) throw new OperatorError('jwks_too_large', `answered more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return parse(Buffer.concat(chunks).toString('utf8'));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text; an URL that is wrong may answer with anything.
    throw new OperatorError('jwks_not_json', 'answered something that is not JSON');
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
