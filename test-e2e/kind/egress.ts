import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Tunnel } from './tunnel.ts';

/** A server on loopback that sends each request out of the tunnel's pod, to the service that its Host names: so with that pod's identity. */
export interface Egress extends AsyncDisposable {
  readonly url: string;
}

export async function openEgress(tunnel: Tunnel): Promise<Egress> {
  const server = createServer((asked, answer) => {
    send(tunnel, asked, answer).catch((error: unknown) => {
      answer.statusCode = 502;
      answer.end(`not sent: ${String(error)}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  const close = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { url: `http://127.0.0.1:${address.port}`, [Symbol.asyncDispose]: close };
}

async function send(tunnel: Tunnel, asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  const { hostname, port } = new URL(`http://${asked.headers.host}`);
  const way: Duplex = await tunnel.connect(hostname, Number(port || 80));
  const { method, url: path, headers } = asked;
  const sent = request({ ...(method !== undefined && { method }), path, headers, createConnection: () => way });
  asked.pipe(sent);
  const [got] = (await once(sent, 'response')) as [IncomingMessage];
  answer.writeHead(got.statusCode ?? 502, got.headers);
  got.pipe(answer);
  await once(answer, 'close');
  way.destroy();
}
