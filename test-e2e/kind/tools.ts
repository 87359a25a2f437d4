import { documents } from '../mesh/documents.ts';
import { run } from '../toolchain/command.ts';
import { ensureGatewayDefinitions, ensureHelm } from '../toolchain/index.ts';
import { CommandError } from './commands.ts';
import type { IstioSources } from './istio-install.ts';

/** Programs of other projects, each found when it is needed first. */
export interface Tools extends IstioSources {
  /** Checks that it is there, and its daemon. */
  readonly docker: () => Promise<string>;
  readonly kind: () => Promise<string>;
  readonly helm: () => Promise<string>;
}

/** Where a program comes from, for who has not installed it, and what it answers where it works. */
const PROGRAMS = {
  docker: { args: ['version'], source: 'https://docs.docker.com/engine/install/' },
  kind: { args: ['version'], source: 'go install sigs.k8s.io/kind@v0.33.0' },
  istioctl: {
    args: ['version', '--remote=false'],
    source: 'https://istio.io/latest/docs/setup/getting-started/#download',
  },
} as const;

export function findTools(env: NodeJS.ProcessEnv, report: (line: string) => void): Tools {
  return {
    docker: () => onPath('docker'),
    kind: () => onPath('kind'),
    istioctl: () => onPath('istioctl'),
    helm: () => ensureHelm(env, report),
    gatewayDefinitions: async () => documents(await ensureGatewayDefinitions(env, report)),
  };
}

/** @throws CommandError where it is not there or does not work, as Docker without its daemon */
async function onPath(name: keyof typeof PROGRAMS): Promise<string> {
  const { args, source } = PROGRAMS[name];
  const { code, tail } = await run(name, args);
  if (code === 0) return name;
  throw new CommandError(`make e2e needs ${name} here, and \`${[name, ...args].join(' ')}\` fails: ${tail}\n${source}`);
}
