import { createHash } from 'node:crypto';
import { createServer } from 'node:net';

const TRIES = 50;

/**
 * Hands out addresses and ports that nobody listens on. Each mesh has a /24 of the loopback range of its own, derived from its folder, so
 * that two checkouts do not meet and each keeps its addresses; within it the usual ports are preferred and the next free one taken.
 */
export class Addresses {
  readonly #subnet: string;
  readonly #claimed = new Set<string>();
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
      const key = `${host}:${port}`;
      if (this.#claimed.has(key) || !(await isFree(host, port))) continue;
      this.#claimed.add(key);
      return port;
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
