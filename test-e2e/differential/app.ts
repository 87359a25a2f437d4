import { once } from 'node:events';
import { createServer } from 'node:net';

/** The answer header that holds what reached the app: the request's target, base64url of its bytes. */
export const SEEN = 'x-seen-target';

export interface App {
  readonly port: number;
  close(): Promise<void>;
}

const END_OF_HEAD = '\r\n\r\n';

/**
 * An app behind an Envoy that answers 200 to every request without a body, whatever it looks like. Not of node:http, whose parser has
 * opinions of its own on targets.
 */
export async function startApp(): Promise<App> {
  const server = createServer((socket) => {
    let received = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      for (let end = received.indexOf(END_OF_HEAD); end !== -1; end = received.indexOf(END_OF_HEAD)) {
        socket.write(answerTo(received.slice(0, end)));
        received = received.slice(end + END_OF_HEAD.length);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  const close = async (): Promise<void> => {
    server.close();
    await once(server, 'close');
  };
  return { port: address.port, close };
}

function answerTo(head: string): string {
  const [, target = ''] = head.split(' ');
  const seen = Buffer.from(target, 'latin1').toString('base64url');
  return `HTTP/1.1 200 OK\r\n${SEEN}: ${seen}\r\ncontent-length: 0\r\n\r\n`;
}
