import type { Cluster } from '../mesh/cluster.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';

/** Of a token that the platform minted, what these tests look at. */
export interface Claims {
  readonly sub: string;
  readonly jti: string;
  readonly origin_jti?: string;
  readonly iat: number;
  readonly exp: number;
  readonly session: { readonly id: string; readonly device: string };
}

export function claimsOf(token: string): Claims {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
}

export interface Exchange {
  /** Who asks: `namespace/serviceAccount`. */
  readonly workload: string;
  /** What the token is for. */
  readonly audience: string;
}

/** A token in the name of whoever `subject` speaks for, as a workload asks for one (RFC 8693 section 2.1). */
export async function exchange(
  { mesh, cluster }: { readonly mesh: MeshInfo; readonly cluster: Cluster },
  subject: string,
  { workload, audience }: Exchange,
): Promise<string> {
  const [namespace = '', serviceAccount = ''] = workload.split('/');
  const type = (name: string) => `urn:ietf:params:oauth:token-type:${name}`;
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    client_id: `system:serviceaccount:${namespace}:${serviceAccount}`,
    audience,
    subject_token: subject,
    subject_token_type: type('access_token'),
    actor_token: await cluster.token(namespace, serviceAccount, 'sekisho'),
    actor_token_type: type('jwt'),
  });
  const answer = await fetch(`${mesh.auth.url}/oauth/token`, { method: 'POST', body });
  const { access_token: token, error } = (await answer.json()) as { access_token?: string; error?: string };
  if (token === undefined) throw new Error(`exchange: ${answer.status} ${error}`);
  return token;
}
