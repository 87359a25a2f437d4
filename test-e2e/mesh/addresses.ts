import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { claim } from './claim.ts';

const TRIES = 50;

/**
 * Hands out addresses and ports that nobody listens on. Each mesh has a /24 of the loopback range of its own, derived from its folder, so
 * that two checkouts do not meet and each keeps its addresses. Of ports the usual one is preferred and the next free one taken; it stays
 * claimed while this process lives, so that of two meshes that start at once only one gets it, and no other takes it while its owner restarts.
 */
export class Addresses {
  readonly #subnet: string;
  #nextHost = 1;

  constructor(folder: string) {
    const [a = 0, b = 0] = createHash('sha256').update(folder).digest();
    this.#subnet = `127.${64 + (a % 64)}.${b}`;
  }

  /** A fresh loopback address of this mesh. */
  host(): string {
    const host = `${this.#subnet}.${this.#nextHost}`;
    this.#nextHost += 1;
    return host;
  }

  /**
   * The first free port at or above `preferred`.
   * @throws Error when 50 ports in a row are taken
   */
  async port(host: string, preferred: number): Promise<number> {
    for (let port = preferred; port < preferred + TRIES; port += 1) {
      const release = await claim(`port/${port}`);
      if (release === undefined) continue;
      if (await isFree(host, port)) return port;
      await release();
    }
    throw new Error(`no free port on ${host} from ${preferred} to ${preferred + TRIES - 1}: stop what listens there`);
  }
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
