import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
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
    server: serverOf(config),
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
    else config.loadFromFile(kubeconfig);
  } catch (cause) {
    throw new KubeError('config', `the kubeconfig ${kubeconfig ?? 'of the pod'} cannot be loaded`, { cause });
  }
  return config;
}

function serverOf(config: KubeConfig): URL {
  const cluster = config.getCurrentCluster();
  if (!cluster || !URL.canParse(cluster.server)) {
    throw new KubeError('config', 'the current context of the kubeconfig names no cluster with a server URL');
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
