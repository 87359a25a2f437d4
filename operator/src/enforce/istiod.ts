import { Agent, type Dispatcher, request } from 'undici';
import { OperatorError } from '../errors.ts';
import { ArrayElements } from './array-elements.ts';

export interface IstiodOptions {
  /** For one whole answer. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** A token for istiod; undefined where it asks for none, as on loopback. */
  readonly token: (() => Promise<string>) | undefined;
}

/** istiod's debug interface (istio.io: Debug Endpoints), of which each replica speaks for itself. */
export interface Istiod {
  /**
   * Hands over each element of the array that `path` answers, and returns the second in which istiod answered, by its own clock, in
   * milliseconds since the epoch.
   * @throws OperatorError `istiod_unreachable`, `istiod_forbidden` or `istiod_unreadable`
   */
  elements(base: string, path: string, take: (element: Buffer) => void, stop: AbortSignal): Promise<number>;
  close(): Promise<void>;
}

/** Replicas are asked one after the other, each on a connection of its own. */
const CONNECTIONS = 1;

export function createIstiod({ timeoutMs, maxBytes, token }: IstiodOptions): Istiod {
  const agent = new Agent({ connections: CONNECTIONS, connect: { timeout: timeoutMs } });
  return {
    close: () => agent.destroy(),
    async elements(base, path, take, stop) {
      const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), stop]);
      try {
        const authorization = token === undefined ? {} : { authorization: `Bearer ${await token()}` };
        const headers = { accept: 'application/json', ...authorization };
        const response = await request(new URL(path, base), { dispatcher: agent, signal, headers });
        await read(await accepted(response), maxBytes, take);
        return dateOf(response);
      } catch (cause) {
        if (cause instanceof OperatorError) throw cause;
        throw new OperatorError('istiod_unreachable', 'istiod gave no whole answer', { cause });
      }
    },
  };
}

async function accepted({ statusCode, body }: Dispatcher.ResponseData): Promise<AsyncIterable<Uint8Array>> {
  if (statusCode === 200) return body;
  await body.dump({ limit: 16 * 1024 });
  if (statusCode === 401 || statusCode === 403) {
    throw new OperatorError('istiod_forbidden', `istiod answered ${statusCode}`);
  }
  // 404: its debug interface is switched off.
  const code = statusCode >= 500 ? 'istiod_unreachable' : 'istiod_unreadable';
  throw new OperatorError(code, `istiod answered ${statusCode}`);
}

async function read(body: AsyncIterable<Uint8Array>, maxBytes: number, take: (element: Buffer) => void): Promise<void> {
  const reader = new ArrayElements();
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new OperatorError('istiod_unreadable', `istiod answered more than ${maxBytes} bytes`);
    for (const element of reader.push(chunk)) take(element);
  }
  if (!reader.isWhole) throw new OperatorError('istiod_unreadable', 'istiod answered no whole JSON array');
}

/** RFC 9110 section 6.6.1: written when the answer is complete, in whole seconds. */
function dateOf({ headers }: Dispatcher.ResponseData): number {
  const date = Date.parse(String(headers['date']));
  if (Number.isNaN(date)) throw new OperatorError('istiod_unreadable', 'istiod answered without its time');
  return date;
}
