import { connect } from 'node:net';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export function addressOf(url: string): Address {
  const { hostname: host, port } = new URL(url);
  return { host, port: Number(port || 80) };
}

const TIMEOUT_MS = 60_000;

/**
 * Sends bytes as they are, and answers what came back: one whole answer, or all until the other side closed.
 * @param bytes latin1; the last request in it asks for the connection to be closed
 * @throws Error when the connection stays open for a minute
 */
export async function sendRaw({ host, port }: Address, bytes: string): Promise<string> {
  const socket = connect({ host, port });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let received = '';
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`left open for ${TIMEOUT_MS / 1000} s: ${received}`)));
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    // After a refusal Envoy keeps the connection for a second, for a client that is still sending.
    if (isWhole(received)) socket.destroy();
  });
  // Who refuses what is half sent may reset the connection.
  const isReset = ({ code }: NodeJS.ErrnoException): boolean => code === 'ECONNRESET' || code === 'EPIPE';
  socket.once('error', (error) => (isReset(error) ? resolve(received) : reject(error)));
  socket.once('close', () => resolve(received));
  socket.write(bytes, 'latin1');
  return promise;
}

function isWhole(received: string): boolean {
  const [head = '', body] = received.split('\r\n\r\n', 2);
  const length = /^content-length: (\d+)\r?$/im.exec(head)?.[1];
  return body !== undefined && length !== undefined && body.length >= Number(length);
}

export interface Head {
  readonly method?: string;
  readonly target: string;
  /** @default edge.test */
  readonly host?: string;
  readonly lines?: readonly string[];
  readonly body?: string;
}

/** One HTTP/1.1 request that closes its connection, with header lines as they are given. */
export function requestBytes({ method = 'GET', target, host = 'edge.test', lines = [], body = '' }: Head): string {
  const head = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...lines];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/** Status of each answer, and the code of the guard's problem where there is one; `cut` where there is none. */
export function answersIn(received: string): string {
  const statuses = [...received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);
  const code = /"code":"(\w+)"/.exec(received)?.[1];
  return statuses.length === 0 ? 'cut' : [...statuses, ...(code === undefined ? [] : [code])].join(' ');
}
