import type { Command } from './script.ts';

/** How a command of the documentation is tried, or why it is not tried with the others. */
export type Trial =
  /** With all of its block, as it stands there: commands.integration.ts. */
  | 'block'
  /** By itself, with names in capitals filled in: each-command.integration.ts. */
  | 'run'
  /** What it needs is not there: its options and what it names are looked up, in each-command.integration.ts. */
  | 'looked up'
  | { readonly instead: string };

export interface Rule {
  readonly command: RegExp;
  /** @default any */
  readonly page?: string;
  readonly trial: Trial;
}

const BLOCKS = ['docs/install.md', 'docs/manifests.md', 'docs/regions.md', 'docs/first-policy.md'];

/** The first that fits counts. */
export const RULES: readonly Rule[] = [
  ...BLOCKS.map((page): Rule => ({ command: /^kubectl /, page, trial: 'block' })),
  { command: /^helm show crds/, page: 'docs/install.md', trial: 'block' },
  { command: /^(redis_auth|rights)=|^sha256\(\)|^printf|^openssl|^cut|^}$/, page: 'docs/manifests.md', trial: 'block' },
  {
    command: /^helm /,
    page: 'docs/install.md',
    trial: { instead: 'cdk8s/src/chart/install.integration.ts takes one release through all of them' },
  },
  {
    command: /^docker /,
    trial: {
      instead: 'nobody, for want of a container engine; packaging/src/bundles.integration.ts runs what images hold',
    },
  },
  { command: /^istioctl /, trial: { instead: 'nobody: it asks the proxies of a mesh on Kubernetes' } },
  { command: /^curl -i https:/, trial: { instead: 'test-e2e/story asks services through a gateway' } },
  {
    command: /^sekisho regions/,
    trial: { instead: 'packages/cli/src/commands/outcomes.test.ts: it takes several regions' },
  },
  { command: /^kubectl .*\b(logs|port-forward|top|rollout)\b/, trial: 'looked up' },
  { command: /^kubectl /, trial: 'run' },
  { command: /^sekisho /, trial: 'run' },
  { command: /^node cdk8s\/src\/main\.ts /, trial: 'run' },
  { command: /^curl -fsS /, trial: 'run' },
  { command: /^make /, trial: 'run' },
  { command: /^(curl -s|grep) /, trial: 'looked up' },
  { command: /^export SEKISHO_/, trial: 'looked up' },
];

/** @returns undefined for what nobody tries */
export function trialOf(command: Command): Trial | undefined {
  return ruleOf(command)?.trial;
}

export function ruleOf({ page, text }: Command): Rule | undefined {
  return RULES.find((rule) => (rule.page === undefined || rule.page === page) && rule.command.test(text));
}
