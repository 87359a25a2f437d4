import type { Server } from 'node:net';
import type { ListenAddress } from './config.ts';

/**
 * Resolves when the server listens, with where: the port is the one that the system gave when 0 was asked for. Rejects with
 * the system's error, such as EADDRINUSE.
 */
export function listen(server: Server, { host, port }: ListenAddress): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve({ host, port: boundPort(server) });
    });
  });
}

function boundPort(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
