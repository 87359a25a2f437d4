import { createHash } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Takes a name that one process of this machine can hold at a time, and answers how to give it back; undefined when another holds it.
 * It is an abstract Unix socket (unix(7)): the kernel gives the name back with the end of the process, also of a killed one, so nothing stale is
 * ever left, and it is as wide as the ports of the machine, a network namespace.
 */
export function claim(name: string): Promise<(() => Promise<void>) | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer().unref();
    server.once('error', (error) =>
      'code' in error && error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    // A socket's name has 108 bytes, a path may have more.
    const path = `\0sekisho/${createHash('sha256').update(name).digest('hex')}`;
    server.listen({ path }, () => {
      resolve(() => new Promise((closed) => server.close(() => closed())));
    });
  });
}
