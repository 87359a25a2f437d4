import { documents } from '../mesh/documents.ts';
import { run } from '../toolchain/command.ts';
import { ensureGatewayDefinitions, ensureHelm } from '../toolchain/index.ts';
import { CommandError } from './commands.ts';
import type { IstioSources } from './istio-install.ts';

/** Programs of other projects, each found when it is needed first. */
export interface Tools extends IstioSources {
  readonly kind: () => Promise<string>;
  readonly helm: () => Promise<string>;
}

/** Where a program comes from, for who has not installed it. */
const SOURCES = {
  kind: 'go install sigs.k8s.io/kind@v0.33.0',
  istioctl: 'https://istio.io/latest/docs/setup/getting-started/#download',
} as const;

export function findTools(env: NodeJS.ProcessEnv, report: (line: string) => void): Tools {
  return {
    kind: () => onPath('kind', ['version']),
    istioctl: () => onPath('istioctl', ['version', '--remote=false']),
    helm: () => ensureHelm(env, report),
    gatewayDefinitions: async () => documents(await ensureGatewayDefinitions(env, report)),
  };
}

async function onPath(name: keyof typeof SOURCES, args: readonly string[]): Promise<string> {
  const { code } = await run(name, args);
  if (code === 0) return name;
  throw new CommandError(`${name} is not on the PATH, and make e2e needs it here: ${SOURCES[name]}`);
}
