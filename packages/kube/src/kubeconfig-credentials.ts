import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { resolve } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import type { CredentialSource, Credentials, Material, TlsMaterial } from './credentials.ts';
import { KubeError } from './errors.ts';
import { type JsonRecord, textField } from './json.ts';
import { type Kubeconfig, readKubeconfig } from './kubeconfig.ts';

/** Credentials of a kubeconfig file's current context, read anew each time: the file may be rewritten. */
export function kubeconfigCredentials(path: string): CredentialSource {
  const plugins = pluginCredentials(path);
  return {
    server: readKubeconfig(path).server,
    async read() {
      const config = readKubeconfig(path);
      const needsPlugin = config.user['exec'] !== undefined || config.user['auth-provider'] !== undefined;
      try {
        return needsPlugin ? await plugins() : await staticCredentials(config);
      } catch (cause) {
        throw new KubeError('config', 'the credentials of the kubeconfig cannot be read', { cause });
      }
    },
  };
}

async function staticCredentials({ cluster, user, folder }: Kubeconfig): Promise<Credentials> {
  const file = (path: string | undefined) => (path === undefined ? undefined : readFile(resolve(folder, path)));
  // As client-go: what is written in the kubeconfig itself wins over a file, but a token's file over the token.
  const material = async (holder: JsonRecord, name: string) =>
    decoded(textField(holder, `${name}-data`)) ?? (await file(textField(holder, name)));
  const [ca, cert, key] = [
    await material(cluster, 'certificate-authority'),
    await material(user, 'client-certificate'),
    await material(user, 'client-key'),
  ];
  const servername = textField(cluster, 'tls-server-name');
  const token = (await file(textField(user, 'tokenFile')))?.toString('utf8') ?? textField(user, 'token');
  return {
    headers: authorization(token, user),
    tls: {
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
      ...(servername !== undefined && { servername }),
      ...(cluster['insecure-skip-tls-verify'] === true && { rejectUnauthorized: false }),
    },
  };
}

function authorization(token: string | undefined, user: JsonRecord): Record<string, string> {
  // A token file usually ends with a newline, which no header may hold.
  if (token !== undefined) return { authorization: `Bearer ${token.trim()}` };
  const [name, password] = [textField(user, 'username'), textField(user, 'password')];
  if (name === undefined || password === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` };
}

function decoded(base64: string | undefined): Buffer | undefined {
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64');
}

/**
 * Users of an exec plugin or an auth provider, as clouds have them, are left to client-node. It is imported only for
 * them: its generated API takes 90 MB of memory and a second, of which nothing else here has any use.
 */
function pluginCredentials(path: string): () => Promise<Credentials> {
  // Kept: a plugin's cache lives in it, and the plugin would run on every read otherwise.
  let config: KubeConfig | undefined;
  return async () => {
    if (config === undefined) {
      const client = await import('@kubernetes/client-node');
      config = new client.KubeConfig();
      config.loadFromFile(path);
    }
    const options: RequestOptions & { servername?: string } = {};
    await config.applyToHTTPSOptions(options);
    return { headers: headersOf(options), tls: tlsOf(options) };
  };
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (typeof value === 'string') headers[name.toLowerCase()] = value.trim();
  }
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

function isMaterial(value: unknown): value is Material {
  return typeof value === 'string' || Buffer.isBuffer(value);
}
