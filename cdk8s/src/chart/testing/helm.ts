import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Manifest } from '../../kubernetes.ts';

export const CHART = join(import.meta.dirname, '../../../../charts/sekisho');
/** Above what a release takes on a machine that is busy with much else. */
const TIMEOUT_MS = 120_000;
const MAX_OUTPUT = 32 * 1024 * 1024;

/** Values of one of the profiles that the chart comes with, or is tested with. */
export function profileFile(name: string): string {
  return join(CHART, ['ha', 'kind'].includes(name) ? `values-${name}.yaml` : `ci/${name}-values.yaml`);
}

export interface HelmResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Helm with nothing of the machine's own: no plugin, no repository, no kubeconfig but the one that it is given. */
export class Helm {
  readonly #program: string;
  readonly #home = mkdtempSync(join(tmpdir(), 'sekisho-helm-'));
  readonly #kubeconfig: string;
  readonly #folder: string | undefined;

  /** @param where the cluster, by default none; the folder that paths start in, by default the test's own */
  constructor(program: string, where: { readonly kubeconfig?: string; readonly folder?: string } = {}) {
    this.#program = program;
    this.#kubeconfig = where.kubeconfig ?? '/dev/null';
    this.#folder = where.folder;
  }

  /** What it said, whether it succeeded or not. */
  try(args: readonly string[], input = ''): Promise<HelmResult> {
    const { promise, resolve, reject } = Promise.withResolvers<HelmResult>();
    const env = { HELM_HOME: this.#home, HOME: this.#home, KUBECONFIG: this.#kubeconfig, PATH: '' };
    const options = { env, cwd: this.#folder, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT };
    const child = execFile(this.#program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else reject(error);
    });
    child.stdin?.end(input);
    return promise;
  }

  /** What it printed. */
  async run(args: readonly string[], input = ''): Promise<string> {
    const { code, stdout, stderr } = await this.try(args, input);
    if (code !== 0) throw new Error(`helm ${args.join(' ')} failed:\n${stderr}`);
    return stdout;
  }

  /** The manifests that a chart renders without a cluster. */
  async template(args: readonly string[], input = ''): Promise<readonly Manifest[]> {
    const text = await this.run(['template', 'sekisho', CHART, ...args], input);
    return parseAllDocuments(text).flatMap((document) => {
      if (document.errors.length > 0) throw new Error(`Helm wrote what is no YAML: ${document.errors.join('; ')}`);
      const manifest: Manifest | null = document.toJS();
      return manifest === null ? [] : [manifest];
    });
  }

  close(): void {
    rmSync(this.#home, { recursive: true, force: true });
  }
}
