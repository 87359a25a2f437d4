import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, discover, KubeClient, KubeError } from '@sekisho/kube';
import { API_VERSION, ISSUER_KIND, POLICY_KIND, type RawObject } from '@sekisho/policy';
import Type from 'typebox';
import { Value } from 'typebox/value';
import { parseAllDocuments } from 'yaml';
import { CliError } from '../errors.ts';

/** ServiceAuthPolicies and TokenIssuers as they were written; nothing in them is checked but that they have a name. */
export interface Written {
  readonly policies: readonly RawObject[];
  readonly issuers: readonly RawObject[];
}

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_FILES = 1_000;
const MANIFEST = /\.(ya?ml|json)$/;
/** What a file must hold to count; everything else in it is passed over. */
const Document = Type.Object({
  apiVersion: Type.Literal(API_VERSION),
  kind: Type.Union([Type.Literal(POLICY_KIND), Type.Literal(ISSUER_KIND)]),
  metadata: Type.Object({ name: Type.String(), namespace: Type.Optional(Type.String()) }),
  spec: Type.Unknown(),
});

/**
 * Of a YAML or JSON file, or of all of them in a folder (not in folders below it).
 * @throws CliError `policies_unreadable`
 */
export async function fromFiles(path: string): Promise<Written> {
  const files = await manifestFiles(path);
  const found: RawObject[] = [];
  // One after the other: of large files only what counts is kept.
  for (const file of files) found.push(...(await documents(file)));
  return sorted(found);
}

/** @throws CliError `cluster_unreachable` */
export async function fromCluster(kubeconfig: string): Promise<Written> {
  const transport = connect({ kubeconfig });
  try {
    const client = new KubeClient(transport, { fieldManager: 'sekisho-cli' });
    const list = async (kind: string) =>
      (await client.list(await discover(client, { apiVersion: API_VERSION, kind }))).items;
    return { policies: await list(POLICY_KIND), issuers: await list(ISSUER_KIND) };
  } catch (cause) {
    if (!(cause instanceof KubeError)) throw cause;
    throw new CliError('cluster_unreachable', `the cluster does not tell its policies: ${cause.message}`, {
      cause,
      wayOut: 'Check --kubeconfig or KUBECONFIG and what it may read, or name files with --policies.',
    });
  } finally {
    await transport.close();
  }
}

async function manifestFiles(path: string): Promise<readonly string[]> {
  const found = await readable(path, async () => {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => MANIFEST.test(name));
    return names.sort().map((name) => join(path, name));
  });
  if (found.length > MAX_FILES) throw unreadable(path, { reason: `holds more than ${MAX_FILES} files` });
  return found;
}

function documents(file: string): Promise<readonly RawObject[]> {
  return readable(file, async () => {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw unreadable(file, { reason: `is larger than ${MAX_BYTES} bytes` });
    return parseAllDocuments(await readFile(file, 'utf8')).flatMap((document) => {
      const [fault] = document.errors;
      if (fault !== undefined) {
        throw unreadable(file, { reason: `is no YAML: ${fault.message.split('\n')[0]}`, cause: fault });
      }
      const value: unknown = document.toJS();
      return Value.Check(Document, value) ? [value] : [];
    });
  });
}

async function readable<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw unreadable(path, { reason: 'cannot be read', cause });
  }
}

function unreadable(path: string, { reason, cause }: { readonly reason: string; readonly cause?: unknown }): CliError {
  const wayOut = 'Name a YAML or JSON file of policies, or a folder of them, with --policies.';
  return new CliError('policies_unreadable', `${path} ${reason}`, { cause, wayOut });
}

function sorted(objects: readonly RawObject[]): Written {
  return {
    policies: objects.filter(({ kind }) => kind === POLICY_KIND),
    issuers: objects.filter(({ kind }) => kind === ISSUER_KIND),
  };
}
