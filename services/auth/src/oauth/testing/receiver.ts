import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { decodeJwt } from 'jose';

export interface Received {
  /** Which application it was sent to. */
  readonly application: string;
  readonly token: string;
  readonly sid: unknown;
  readonly contentType: string | undefined;
}

type Answer = (response: ServerResponse, received: Received) => void;

export interface Receiver {
  readonly received: readonly Received[];
  /** How it answers from now on. @default 200 */
  answer: Answer;
  /** Where an application is told of log-outs. */
  uriOf(application: string): string;
  /** Reaches it by those addresses. */
  readonly fetch: typeof globalThis.fetch;
  close(): Promise<void>;
}

export const answering =
  (status: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) =>
    void response.writeHead(status, headers).end('what nobody reads');

/** Applications that are told of log-outs, on one real server of this machine. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => void take(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const receiver: Receiver = {
    received,
    answer: answering(200),
    uriOf: (application) => `https://app.example/told/${application}`,
    fetch(url, init = {}) {
      const { pathname } = new URL(String(url));
      // Made for addresses that are not special; this machine's are.
      const rest = Object.fromEntries(Object.entries(init).filter(([name]) => name !== 'dispatcher'));
      return globalThis.fetch(`http://127.0.0.1:${port}${pathname}`, rest);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = new URLSearchParams(await text(request)).get('logout_token') ?? '';
    const application = request.url?.split('/').at(-1) ?? '';
    const one = { application, token, sid: decodeJwt(token)['sid'], contentType: request.headers['content-type'] };
    received.push(one);
    receiver.answer(response, one);
  }

  return receiver;
}
