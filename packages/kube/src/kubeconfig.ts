import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { KubeError } from './errors.ts';
import { isRecord, type JsonRecord, textField } from './json.ts';

/** The cluster and the user of a kubeconfig's current context. The user may hold secrets: never log it. */
export interface Kubeconfig {
  readonly server: URL;
  readonly cluster: JsonRecord;
  readonly user: JsonRecord;
  /** Relative paths in the file are relative to it. */
  readonly folder: string;
}

/**
 * Reads a kubeconfig file.
 * Throws `KubeError` `config` when it cannot be used, also where it asks for what is not supported: to leave that out silently
 * would be to act as somebody else, or by another way.
 * @source https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 */
export function readKubeconfig(path: string): Kubeconfig {
  const document = load(path);
  const name = textField(document, 'current-context');
  const context = entry(document, 'contexts', name, 'context');
  const cluster = entry(document, 'clusters', context && textField(context, 'cluster'), 'cluster');
  const user = entry(document, 'users', context && textField(context, 'user'), 'user') ?? {};
  const server = cluster && textField(cluster, 'server');
  if (cluster === undefined || server === undefined || !URL.canParse(server)) {
    throw new KubeError('config', `the current context of the kubeconfig ${path} names no server`);
  }
  if (cluster['proxy-url']) throw new KubeError('config', 'proxy-url in a kubeconfig is not supported');
  if (user['as']) throw new KubeError('config', 'impersonation (as) in a kubeconfig is not supported');
  return { server: new URL(server), cluster, user, folder: dirname(resolve(path)) };
}

function load(path: string): JsonRecord {
  try {
    const document: unknown = parse(readFileSync(path, 'utf8'));
    return isRecord(document) ? document : {};
  } catch (cause) {
    // A parser's message quotes the text around its error, which may be a token.
    const kept = cause instanceof Error && 'syscall' in cause ? { cause } : {};
    throw new KubeError('config', `the kubeconfig ${path} cannot be loaded`, kept);
  }
}

function entry(document: JsonRecord, list: string, name: string | undefined, field: string): JsonRecord | undefined {
  const entries = document[list];
  const found = Array.isArray(entries) ? entries.filter(isRecord).find((one) => one['name'] === name) : undefined;
  const value = name === undefined ? undefined : found?.[field];
  return isRecord(value) ? value : undefined;
}
