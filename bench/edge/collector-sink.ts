import { once } from 'node:events';
import { createServer } from 'node:http';

export interface Sink {
  readonly url: string;
  /** Bytes that came. */
  readonly received: number;
  stop(): Promise<void>;
}

/** Takes whatever a process delivers, and looks at nothing of it: the cost is the process' alone. */
export async function startSink(): Promise<Sink> {
  let received = 0;
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    request.on('end', () => response.writeHead(200).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the sink has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    get received() {
      return received;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
