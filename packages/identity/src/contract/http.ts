import { request, type Server } from 'node:http';

/** Above what an Envoy would let through, so that the library's own bounds are met. */
export const MAX_HEADER_SIZE = 65_536;

export interface RunningServer {
  readonly port: number;
  close(): Promise<void>;
}

/** @param server one that does not listen yet */
export async function listening(server: Server): Promise<RunningServer> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const close = async () => {
    const closed = new Promise<void>((done) => server.close(() => done()));
    server.closeAllConnections();
    await closed;
  };
  return { port: portOf(server), close };
}

export function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return address.port;
}

export type HeaderLines = readonly (readonly [name: string, value: string])[];

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

/** One request with exactly these header lines. @param target method and path */
export async function send(port: number, target: string, lines: HeaderLines = []): Promise<Answer> {
  const [method = 'GET', path = '/'] = target.split(' ');
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = ['host', 'notes.shop', ...lines.flat()];
  const call = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('error', reject);
    response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
  });
  call.on('error', reject);
  call.end();
  return promise;
}
