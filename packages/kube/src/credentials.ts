import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
import { dumpYaml, KubeConfig, loadYaml } from '@kubernetes/client-node';
import { KubeError } from './errors.ts';

/** What one HTTP call needs beside its content. Holds secrets: never log it. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
}

export interface TlsMaterial {
  readonly ca?: Material;
  readonly cert?: Material;
  readonly key?: Material;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

type Material = string | Buffer;

export interface CredentialSource {
  /** Origin of the API server. */
  readonly server: URL;
  /** Reads files and runs exec plugins as the kubeconfig says; callers cache the answer. */
  read(): Promise<Credentials>;
}

/**
 * Credentials from a kubeconfig file, or of the pod's ServiceAccount when no path is given.
 * Throws `KubeError` `config` when there is no usable one.
 */
export function credentialSource(kubeconfig: string | undefined): CredentialSource {
  let config = load(kubeconfig);
  return {
    server: serverOf(config, kubeconfig === undefined),
    async read() {
      // A file may have been rewritten (token-file, client certificate). An exec plugin's cache lives in the KubeConfig,
      // so that one is kept: the plugin would run on every read otherwise.
      if (!config.getCurrentUser()?.exec) config = load(kubeconfig);
      const options: RequestOptions & { servername?: string } = {};
      try {
        await config.applyToHTTPSOptions(options);
      } catch (cause) {
        throw new KubeError('config', 'the credentials of the kubeconfig cannot be read', { cause });
      }
      return { headers: headersOf(options), tls: tlsOf(options) };
    },
  };
}

function load(kubeconfig: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromCluster();
    else loadFile(config, kubeconfig);
  } catch (cause) {
    throw new KubeError('config', `the kubeconfig ${kubeconfig ?? 'of the pod'} cannot be loaded`, { cause });
  }
  return config;
}

/** The format's `tokenFile` (client-go, `AuthInfo`) is called `token-file` by client-node, which would drop it and go anonymous. */
function loadFile(config: KubeConfig, path: string): void {
  const folder = dirname(resolve(path));
  const document = loadYaml<{ users?: { user?: Record<string, unknown> }[] } | undefined>(readFileSync(path, 'utf8'));
  for (const { user } of document?.users ?? []) {
    const tokenFile = user?.['tokenFile'];
    if (user && typeof tokenFile === 'string') user['token-file'] = resolve(folder, tokenFile);
  }
  config.loadFromString(dumpYaml(document));
  config.makePathsAbsolute(folder);
}

function serverOf(config: KubeConfig, inPod: boolean): URL {
  const cluster = config.getCurrentCluster();
  if (!cluster || !URL.canParse(cluster.server)) {
    const where = inPod ? 'this is no pod (KUBERNETES_SERVICE_HOST is not set)' : 'its current context names no server';
    throw new KubeError('config', `no API server is known: ${where}; name a kubeconfig with a cluster`);
  }
  if (cluster.proxyUrl) throw new KubeError('config', 'proxy-url in a kubeconfig is not supported');
  return new URL(cluster.server);
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // A token file usually ends with a newline, which no header may hold.
    if (typeof value === 'string') headers[name.toLowerCase()] = value.trim();
  }
  if (options.auth) headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  return headers;
}

function tlsOf(options: RequestOptions & { servername?: string }): TlsMaterial {
  return {
    ...(isMaterial(options.ca) && { ca: options.ca }),
    ...(isMaterial(options.cert) && { cert: options.cert }),
    ...(isMaterial(options.key) && { key: options.key }),
    ...(options.servername !== undefined && { servername: options.servername }),
    ...(options.rejectUnauthorized !== undefined && { rejectUnauthorized: options.rejectUnauthorized }),
  };
}

function isMaterial(value: unknown): value is string | Buffer {
  return typeof value === 'string' || Buffer.isBuffer(value);
}
