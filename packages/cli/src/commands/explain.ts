import { type Decision, type DecisionRequest, decide, meshPath } from '@sekisho/policy';
import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { type Chosen, choose } from '../explain/choose.ts';
import { fromCluster, fromFiles, type Written } from '../explain/policy-source.ts';
import { directCaller, presentedToken } from '../explain/subject.ts';
import { type Invocation, invoke } from '../invocation.ts';

interface ExplainOptions {
  readonly policies?: string;
  readonly kubeconfig?: string;
  readonly policy?: string;
  readonly host?: string;
  readonly method: string;
  readonly path: string;
  readonly port?: number;
  readonly claims?: string;
  readonly token?: string;
  readonly caller?: string;
  readonly preflight?: boolean;
  readonly trustDomain: string;
}

/** `sekisho explain` */
export function explainCommand(program: Command, context: Context): void {
  program
    .command('explain')
    .description(
      'Tell whether a policy allows a request, by which rule, and what is missing. Sends nothing to the service',
    )
    .requiredOption('--path <path>', 'as a client sends it: it is normalised as the mesh does')
    .option('--method <method>', 'the HTTP method', 'GET')
    .option('--policies <file>', 'policies and issuers as YAML or JSON, a file or a folder; else those of the cluster')
    .option('--kubeconfig <file>', 'the cluster; else KUBECONFIG')
    .option('--policy <name>', 'NAME or NAMESPACE/NAME, where there are several')
    .option('--host <host>', 'SERVICE.NAMESPACE, where there are several')
    .option('--port <port>', 'of the workload, where rules name ports', port)
    .option('--claims <file>', 'the claims of the token as JSON, - for standard input')
    .option('--token <file>', 'a file with the token, - for standard input; its signature is not checked')
    .option('--caller <caller>', 'NAMESPACE/SERVICEACCOUNT of the direct caller; without it the request is plain text')
    .option('--preflight', 'the request is a CORS preflight: use --method OPTIONS')
    .option('--trust-domain <domain>', 'of the mesh', 'cluster.local')
    .action((options: ExplainOptions, command: Command) => explain(invoke(context, command), options));
}

/** @throws CliError also `denied`, when that was told */
async function explain(invocation: Invocation, options: ExplainOptions): Promise<void> {
  const { policy, host, caller, trustDomain, preflight } = options;
  if (preflight === true && options.method !== 'OPTIONS')
    throw new CliError('usage', '--preflight needs --method OPTIONS');
  const token = await presentedToken(invocation.context, options);
  const direct = caller === undefined ? {} : { caller: directCaller(caller, trustDomain) };
  const chosen = choose(await written(invocation, options), { policy, host }, trustDomain);
  const path = meshPath(options.path);
  const decision: Explained =
    path === undefined
      ? BAD_PATH
      : decide(chosen.decision, requestOf(chosen, options, path), { ...direct, ...(token && { token }) });
  show(invocation, { chosen, decision, path });
  if (!decision.allowed) throw new CliError('denied', 'the request is denied');
}

/** What the mesh says before any policy does. */
type Explained = Decision | typeof BAD_PATH;
const BAD_PATH = {
  allowed: false,
  code: 'path_invalid',
  why: ['the mesh answers 400: a path begins with / and holds neither %00 nor, unescaped, anything but visible ASCII'],
} as const;

function written({ context }: Invocation, { policies, kubeconfig }: ExplainOptions): Promise<Written> {
  if (policies !== undefined) return fromFiles(policies);
  const file = kubeconfig ?? context.environment['KUBECONFIG'];
  if (file) return fromCluster(file);
  throw new CliError('usage', 'no policies are named', {
    wayOut: 'Name them with --policies FILE, or a cluster with --kubeconfig or KUBECONFIG.',
  });
}

function requestOf(
  { source }: Chosen,
  { method, port, preflight = false }: ExplainOptions,
  path: string,
): DecisionRequest {
  const namesPorts = source.spec.rules.some(({ to = [] }) => to.some(({ ports }) => ports !== undefined));
  if (port === undefined && namesPorts) {
    throw new CliError('usage', 'rules of this policy name ports', { wayOut: "Add --port, the workload's own." });
  }
  // Where no rule names one, none makes a difference.
  return { method, path, port: port ?? 0, preflight };
}

interface Shown {
  readonly chosen: Chosen;
  readonly decision: Explained;
  readonly path: string | undefined;
}

function show({ view }: Invocation, { chosen, decision, path }: Shown): void {
  const { allowed, ...rest } = decision;
  const answer = {
    decision: allowed ? 'allow' : 'deny',
    policy: chosen.name,
    ...(path !== undefined && { path }),
    ...rest,
  };
  const code = decision.allowed ? '' : decision.code;
  const rule = 'rule' in decision ? (decision.rule ?? '') : '';
  const why = decision.allowed ? [] : decision.why;
  view.item(answer, [
    ['Decision', answer.decision],
    ['Policy', chosen.name],
    ['Path', path ?? ''],
    ['Rule', rule],
    ['Code', code],
    ...why.map((sentence) => ['Why', sentence] as const),
  ]);
}

function port(text: string): number {
  const value = Number(text);
  if (/^\d{1,5}$/.test(text) && value >= 1 && value <= 65_535) return value;
  throw new InvalidArgumentError('It must be a port.');
}
