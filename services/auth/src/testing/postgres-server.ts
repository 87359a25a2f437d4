import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** What to fork, as the set-up of the integration tests provides it. */
export interface PostgresProgram {
  readonly program: string;
  readonly order: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A PostgreSQL that no other test uses. */
export class PostgresServer {
  /** Of its superuser, who is in an empty database. */
  readonly url: string;
  /** Of a streaming replica; empty where there is none. */
  readonly replicaUrl: string;
  readonly #keeper: ChildProcess;

  private constructor(keeper: ChildProcess, { url, replicaUrl }: Answer) {
    this.#keeper = keeper;
    this.url = url;
    this.replicaUrl = replicaUrl;
  }

  static async start(
    { program, order, env }: PostgresProgram,
    { replicated = false }: { readonly replicated?: boolean } = {},
  ): Promise<PostgresServer> {
    const wish = JSON.stringify({ ...JSON.parse(order), replicated });
    const keeper = fork(program, [wish], { env: { ...env }, stdio: ['ignore', 2, 2, 'ipc'] });
    return new PostgresServer(keeper, await answerOf(keeper));
  }

  /** Every process of it stands still. */
  freeze = (): Promise<void> => this.#command('freeze');
  thaw = (): Promise<void> => this.#command('thaw');
  /** At once; what it answered it still has after `start`. */
  kill = (): Promise<void> => this.#command('kill');
  start = (): Promise<void> => this.#command('start');

  async close(): Promise<void> {
    const exited = once(this.#keeper, 'exit');
    this.#keeper.disconnect();
    await exited;
  }

  async #command(command: 'freeze' | 'thaw' | 'kill' | 'start'): Promise<void> {
    const done = answerOf(this.#keeper);
    this.#keeper.send(command);
    await done;
  }
}

interface Answer {
  readonly url: string;
  readonly replicaUrl: string;
}

async function answerOf(keeper: ChildProcess): Promise<Answer> {
  const gone = new AbortController();
  const failed = once(keeper, 'exit', { signal: gone.signal }).then(() => {
    throw new Error('the PostgreSQL of this test could not do what it was told');
  });
  try {
    const [answer] = await Promise.race([once(keeper, 'message', { signal: gone.signal }), failed]);
    return answer;
  } finally {
    failed.catch(() => undefined);
    gone.abort();
  }
}
