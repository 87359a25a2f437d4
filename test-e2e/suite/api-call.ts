import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';

/** One answer of the API server with what `packages/kube` does not hand on: warnings, and the causes of a refusal. */
export interface ApiAnswer {
  readonly status: number;
  readonly warnings: readonly string[];
  readonly message: string;
  /** `field: message` of each cause. */
  readonly causes: readonly string[];
}

export type ApiCall = (method: string, path: string, body?: unknown) => Promise<ApiAnswer>;

/** Calls as kubectl would, with the mesh's own kubeconfig, which is JSON. */
export function apiCaller(kubeconfig: string): ApiCall {
  const { clusters, users } = JSON.parse(readFileSync(kubeconfig, 'utf8'));
  const { server, 'certificate-authority': caFile } = clusters[0].cluster;
  const headers = { authorization: `Bearer ${users[0].user.token}` };
  const ca = readFileSync(caFile, 'utf8');
  return async (method, path, body) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const call = request(server + path, { method, ca, headers: { ...headers, 'content-type': type }, agent: false });
    call.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = await once(call, 'response');
    const { message = '', details } = JSON.parse(await text(response));
    const causes = ((details?.causes ?? []) as { field: string; message: string }[]).map(
      (cause) => `${cause.field}: ${cause.message}`,
    );
    return { status: response.statusCode, warnings: warningsIn(response.rawHeaders), message, causes };
  };
}

/** `Warning: 299 - "text"` (RFC 7234 section 5.5). */
function warningsIn(rawHeaders: readonly string[]): readonly string[] {
  return rawHeaders.flatMap((value, index) => {
    if (index % 2 === 0 || rawHeaders[index - 1]?.toLowerCase() !== 'warning') return [];
    return /^299 \S+ "(.*)"$/.exec(value)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? [];
  });
}
