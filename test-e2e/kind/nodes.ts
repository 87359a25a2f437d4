import { run } from '../toolchain/command.ts';
import { succeed } from './commands.ts';

/** The nodes of a kind cluster, to which images are brought from the local Docker. */
export class Nodes {
  readonly #kind: string;
  readonly #cluster: string;
  readonly #report: (line: string) => void;

  /** @param cluster as kind knows it */
  constructor(kind: string, cluster: string, report: (line: string) => void) {
    this.#kind = kind;
    this.#cluster = cluster;
    this.#report = report;
  }

  /** @throws CommandError where Docker has not all of them */
  async load(images: readonly string[]): Promise<void> {
    await succeed(this.#kind, ['load', 'docker-image', '--name', this.#cluster, ...images]);
  }

  /**
   * Those that Docker has, for nodes that reach no registry; nodes pull the others. kind cannot load every image that Docker has pulled
   * (kubernetes-sigs/kind issue 3795: one for several platforms, of which Docker has one), so that one fails is only told: nodes may pull it.
   */
  async loadLocal(images: readonly string[]): Promise<void> {
    for (const image of images) {
      const { code } = await run('docker', ['image', 'inspect', image]);
      if (code !== 0) continue;
      await this.load([image]).catch((error: unknown) =>
        this.#report(`${image} is not loaded, and left to the nodes to pull: ${String(error)}`),
      );
    }
  }
}
