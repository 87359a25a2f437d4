import { randomUUID } from 'node:crypto';
import { Agent, type IncomingMessage, request } from 'node:http';

export interface Sent {
  readonly id: string;
  readonly path: string;
  /** Undefined when no answer came: the request may never have been taken. */
  readonly status: number | undefined;
  /** Whether the answer ends its connection (RFC 9112 section 9.6). */
  readonly closes: boolean;
}

export interface Kind {
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Clients that keep their connections, each with one request in flight, until nobody takes connections any more. */
export function keepAliveLoad(origin: string, kinds: readonly Kind[]) {
  const agents = kinds.map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
  const sent: Sent[] = [];
  const client = async (kind: Kind, agent: Agent) => {
    for (;;) {
      const id = randomUUID();
      try {
        const { status, closes } = await send(origin, kind, { id, agent });
        sent.push({ id, path: kind.path, status, closes });
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') return;
        sent.push({ id, path: kind.path, status: undefined, closes: true });
      }
    }
  };
  const running = kinds.map((kind, index) => client(kind, agents[index] ?? new Agent()));
  return {
    sent,
    /** Resolves when every client was refused a connection. */
    async refused(): Promise<void> {
      await Promise.all(running);
      for (const agent of agents) agent.destroy();
    },
  };
}

/** Resolves with a whole answer; one that was cut rejects. */
function send(
  origin: string,
  { path, method, headers, body }: Kind,
  { id, agent }: { id: string; agent: Agent },
): Promise<{ readonly status: number; readonly closes: boolean }> {
  return new Promise((resolve, reject) => {
    const onResponse = (response: IncomingMessage) => {
      const answer = { status: response.statusCode ?? 0, closes: response.headers.connection === 'close' };
      response.on('end', () => (response.complete ? resolve(answer) : reject(new Error('the answer was cut'))));
      response.on('error', reject);
      response.resume();
    };
    const options = { method, agent, headers: { ...headers, 'x-request-id': id } };
    const sending = request(new URL(path, origin), options, onResponse);
    sending.on('error', reject);
    sending.end(body);
  });
}
