import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';

const TIMEOUT_MS = 60_000;

export interface Asked {
  /** By which the client chooses the listener (TLS SNI). @default none is sent */
  readonly serverName?: string;
  readonly host: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Who takes the connections: the certificate signed itself, so nothing else is trusted. */
export interface Server {
  readonly port: number;
  readonly ca: string;
}

export interface Answered {
  readonly status: number;
  readonly body: string;
}

/** One request of HTTP/1.1 on a connection of its own; undefined when the connection is not taken. */
export async function ask({ port, ca }: Server, asked: Asked): Promise<Answered | undefined> {
  const { serverName: servername = '', host, path, headers } = asked;
  const sent = request({
    ...{ host: '127.0.0.1', port, path, ca, servername, agent: false, timeout: TIMEOUT_MS },
    headers: { ...headers, host },
    // The one name that was asked for, whatever name stands in it.
    checkServerIdentity: () => undefined,
  });
  sent.once('timeout', () => sent.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)));
  sent.end();
  try {
    const [response] = await once(sent, 'response');
    return { status: response.statusCode, body: await text(response) };
  } catch (error) {
    if (isRefusedConnection(error)) return undefined;
    throw error;
  }
}

/** Envoy has no listener for the name: it closes, which may come before or within the handshake. */
function isRefusedConnection(error: unknown): boolean {
  const code: unknown = Reflect.get(Object(error), 'code');
  return code === 'ECONNRESET' || code === 'EPIPE';
}

/** Several requests of HTTP/2 on one connection, as a browser sends those for hosts that one certificate is for (RFC 9113 section 9.1.1). */
export async function askInTurns(
  { port, ca }: Server,
  serverName: string,
  all: readonly Omit<Asked, 'serverName'>[],
): Promise<readonly Answered[]> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, {
    ...{ ca, servername: serverName },
    checkServerIdentity: () => undefined,
  });
  const failed = once(session, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => undefined);
  try {
    const answers: Answered[] = [];
    for (const asked of all) answers.push(await Promise.race([stream(session, asked), failed]));
    return answers;
  } finally {
    session.destroy();
  }
}

async function stream(session: ClientHttp2Session, { host, path, headers }: Omit<Asked, 'serverName'>) {
  const sent = session.request({ ...headers, ':authority': host, ':path': path });
  sent.setTimeout(TIMEOUT_MS, () => sent.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)));
  const [head] = await once(sent, 'response');
  return { status: Number(head[':status']), body: await text(sent) };
}
