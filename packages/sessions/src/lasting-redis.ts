import { Redis, type RedisOptions } from 'ioredis';

type Options = Omit<RedisOptions, 'replyMapping'>;

const AGAIN_MS = 100;

/**
 * A connection that ends only when it is told to. ioredis 6.0.0 ends one for good, whatever its strategies for trying
 * again say, when it is told of a new primary while it asks the Sentinels for it: the news breaks the question off
 * (`FailoverDetector.disconnect`), and a question that failed counts as the end (`Redis.connect`).
 */
export class LastingRedis extends Redis {
  #isDone = false;

  constructor(options: Options) {
    super(options);
    this.on('end', () => this.#connectAgain());
  }

  override disconnect(reconnect = false): void {
    if (!reconnect) this.#isDone = true;
    super.disconnect(reconnect);
  }

  #connectAgain(): void {
    if (this.#isDone) return;
    setTimeout(() => {
      // That it failed is told by `error`, and by the next `end`.
      if (!this.#isDone) this.connect().catch(() => undefined);
    }, AGAIN_MS);
  }
}
