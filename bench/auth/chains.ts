/** Refresh tokens, each of which may be used once and brings its successor; of those that nobody uses, the next. */
export class Chains {
  readonly #free: string[];

  constructor(tokens: readonly string[]) {
    this.#free = [...tokens];
  }

  /** @param use exchanges a token for its successor */
  async next(use: (token: string) => Promise<string>): Promise<void> {
    const token = this.#free.shift();
    if (token === undefined) throw new Error('every refresh token is in use: the load is larger than planned');
    this.#free.push(await use(token));
  }
}
