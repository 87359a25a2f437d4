import { connect, KubeClient, KubeError } from '@sekisho/kube';
import type { Command } from 'commander';
import { checkCluster } from '../check/check.ts';
import { readerOf } from '../check/cluster-reader.ts';
import type { Finding, FindingState } from '../check/finding.ts';
import type { Places } from '../check/places.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { type Invocation, invoke } from '../invocation.ts';

interface CheckOptions extends Places {
  readonly kubeconfig?: string;
}

/** `sekisho check` */
export function checkCommand(program: Command, context: Context): void {
  program
    .command('check')
    .description('Look at a cluster and tell what Sekisho lacks there. Changes nothing, and reads no Secret')
    .option('--kubeconfig <file>', 'the cluster; else KUBECONFIG')
    .option('--namespace <name>', 'of operator, auth service and guard', 'sekisho-system')
    .option('--istio-namespace <name>', 'of istiod and its mesh config', 'istio-system')
    .option('--revision <name>', 'of istiod, as in istio.io/rev; else the default one')
    .action((options: CheckOptions, command: Command) => check(invoke(context, command), options));
}

/** @throws CliError also `incomplete`, when that was told */
async function check(invocation: Invocation, options: CheckOptions): Promise<void> {
  const findings = await look(invocation, options);
  show(invocation, findings);
  if (findings.some(({ state }) => state === 'missing' || state === 'unknown')) {
    throw new CliError('incomplete', 'something is missing');
  }
}

async function look({ context }: Invocation, { kubeconfig, ...places }: CheckOptions): Promise<readonly Finding[]> {
  const file = kubeconfig ?? context.environment['KUBECONFIG'];
  if (!file) {
    const wayOut = 'Name a kubeconfig with --kubeconfig or KUBECONFIG.';
    throw new CliError('usage', 'no cluster is named', { wayOut });
  }
  try {
    const transport = connect({ kubeconfig: file });
    try {
      return await checkCluster(readerOf(new KubeClient(transport, { fieldManager: 'sekisho-cli' })), places);
    } finally {
      await transport.close();
    }
  } catch (cause) {
    if (!(cause instanceof KubeError)) throw cause;
    const wayOut = 'Check --kubeconfig or KUBECONFIG, and that the cluster answers.';
    throw new CliError('cluster_unreachable', `the cluster does not answer: ${cause.message}`, { cause, wayOut });
  }
}

const MARKS: Readonly<Record<FindingState, string>> = {
  ok: 'ok',
  warning: 'warn',
  missing: 'MISSING',
  unknown: 'unknown',
};

function show({ view }: Invocation, findings: readonly Finding[]): void {
  view.list({ findings }, findings, [
    { title: 'state', value: ({ state }) => MARKS[state] },
    { title: 'what', value: ({ about }) => about },
    { title: 'found', value: ({ found }) => found },
  ]);
  const open = findings.filter(({ next }) => next !== undefined);
  for (const { about, next } of open) view.next(`${about}: ${next}`);
  if (open.length === 0) view.next('nothing is missing; see `sekisho explain` for what a policy decides.');
}
