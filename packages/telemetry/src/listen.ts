import type { Server } from 'node:net';
import type { ListenAddress } from './config.ts';

/**
 * Connections that may wait to be accepted; the kernel allows as many as `net.core.somaxconn`, and Node asks for 511. A proxy opens one for each
 * request that waits: in a pause of 100 ms those are hundreds, and who finds no room tries again after a second.
 */
const BACKLOG = 4_096;

/**
 * Resolves when the server listens, with where: the port is the one that the system gave when 0 was asked for. Rejects with
 * the system's error, such as EADDRINUSE.
 */
export function listen(server: Server, { host, port }: ListenAddress): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve({ host, port: boundPort(server) });
    });
  });
}

function boundPort(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
