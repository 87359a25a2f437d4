import { readFile } from 'node:fs/promises';
import type { KubeClient } from '@sekisho/kube';
import { AuthError } from '../errors.ts';
import type { PublishedKeys } from './cluster-keys.ts';

/**
 * From the API server itself, over the connection that is authenticated both ways: the `jwks_uri` of its discovery
 * document may lie elsewhere, and need not be reachable. Every ServiceAccount may read both (the ClusterRole
 * `system:service-account-issuer-discovery`).
 */
export function fromApiServer(client: Pick<KubeClient, 'raw'>): () => Promise<PublishedKeys> {
  return async () => {
    const [discovery, jwks] = await Promise.all([
      client.raw('/.well-known/openid-configuration'),
      client.raw('/openid/v1/jwks'),
    ]);
    return { issuer: issuerOf(JSON.parse(discovery)), jwks: JSON.parse(jwks) };
  };
}

/** From a file with the key set, read anew each time: a mounted Secret or ConfigMap changes in place. */
export function fromFile(path: string, issuer: string): () => Promise<PublishedKeys> {
  return async () => ({ issuer, jwks: JSON.parse(await readFile(path, 'utf8')) });
}

function issuerOf(discovery: unknown): string {
  if (typeof discovery === 'object' && discovery !== null && 'issuer' in discovery) {
    if (typeof discovery.issuer === 'string') return discovery.issuer;
  }
  throw new AuthError('unavailable', 'the discovery document of the API server names no issuer');
}
