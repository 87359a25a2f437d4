import { readFile } from 'node:fs/promises';
import {
  describeProblems,
  type Mesh,
  type MeshConfig,
  PolicyError,
  parseMeshConfig,
  type Rendered,
  type RenderedPolicy,
  renderPolicies,
  type WrittenPolicies,
  writtenMesh,
} from '@sekisho/policy';
import { type Command, InvalidArgumentError } from 'commander';
import { parse, stringify } from 'yaml';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { fromFiles } from '../explain/policy-source.ts';
import { invoke } from '../invocation.ts';
import { type KeySource, withKeys } from '../render/key-sets.ts';

interface RenderOptions {
  readonly policies: string;
  readonly jwks: readonly KeySource[];
  readonly meshConfig?: string;
  readonly trustDomain?: string;
  readonly rootNamespace?: string;
}

/** `sekisho render` */
export function renderCommand(program: Command, context: Context): void {
  program
    .command('render')
    .description('Print the Istio objects of policies, for a cluster without the operator. All of them, or none')
    .requiredOption('--policies <file>', 'all policies and issuers as YAML or JSON, a file or a folder')
    .option('--jwks <name=place>', 'keys of an issuer with a jwksUri, a file or an https URL; repeatable', source, [])
    .option('--mesh-config <file>', "Istio's mesh config, where a policy has the guard asked")
    .option('--trust-domain <domain>', 'of the mesh (default: as --mesh-config says, else cluster.local)')
    .option('--root-namespace <name>', 'of the mesh (default: as --mesh-config says, else istio-system)')
    .action((options: RenderOptions, command: Command) => {
      invoke(context, command);
      return render(context, options);
    });
}

/** @throws CliError `policy_invalid` with what is wrong with each, when nothing was printed */
async function render(context: Context, options: RenderOptions): Promise<void> {
  const { policies, issuers } = await fromFiles(options.policies);
  if (policies.length === 0) throw new CliError('policies_unreadable', `there is no policy in ${options.policies}`);
  const mesh = await meshOf(options);
  const rendered = judged({ policies, issuers: await withKeys(issuers, options.jwks, context), mesh });
  if (rendered.ok) return context.terminal.out(yamlOf(rendered.policies));
  throw new CliError('policy_invalid', 'nothing was rendered: without its objects a workload is open', {
    details: rendered.refused.map(({ policy, message }) => `${policy}: ${message}`),
  });
}

function judged(written: WrittenPolicies): Rendered {
  try {
    return renderPolicies(written);
  } catch (cause) {
    if (cause instanceof PolicyError) throw new CliError('usage', `--trust-domain: ${cause.message}`, { cause });
    throw cause;
  }
}

function yamlOf(policies: readonly RenderedPolicy[]): string {
  return policies.flatMap(({ objects }) => objects.map((object) => `---\n${stringify(object)}`)).join('');
}

async function meshOf({ meshConfig, trustDomain, rootNamespace }: RenderOptions): Promise<Mesh> {
  const config = meshConfig === undefined ? undefined : await readMeshConfig(meshConfig);
  return writtenMesh({ trustDomain, rootNamespace, config, wayOut: 'give it with --mesh-config' });
}

async function readMeshConfig(file: string): Promise<MeshConfig> {
  const read = async () => parseMeshConfig(parse(await readFile(file, 'utf8')));
  const config = await read().catch((cause: unknown) => {
    throw new CliError('usage', `--mesh-config: ${file} cannot be read`, { cause });
  });
  if (!config.ok) throw new CliError('usage', `--mesh-config: ${describeProblems(config.problems)}`);
  return config.value;
}

function source(text: string, before: readonly KeySource[]): readonly KeySource[] {
  const [, issuer, place] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (issuer === undefined || place === undefined) throw new InvalidArgumentError('It must be NAME=FILE or NAME=URL.');
  return [...before, { issuer, place }];
}
