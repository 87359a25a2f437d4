import { type KubeError, kubeError } from '../errors.ts';
import type { Call, Reply, Transport } from '../transport.ts';

interface StoredLease {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion?: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

const METADATA = { name: 'operator', namespace: 'sekisho-system' };

/** What a link does with calls. `deaf`: it carries them out, but the answer is lost. */
export type LinkState = 'up' | 'down' | 'hanging' | 'deaf';

/** An API server that knows one Lease, in memory, so that tests with a clock of their own need no network. */
export class LeaseApi {
  /** What it holds now. */
  lease: StoredLease | undefined;
  #version = 0;

  /** A candidate's own way to the API server. */
  link(): Transport & { state: LinkState; readonly calls: string[] } {
    const calls: string[] = [];
    const link = {
      state: 'up' as LinkState,
      calls,
      close: async () => undefined,
      send: async (call: Call): Promise<Reply> => {
        calls.push(call.method);
        if (link.state === 'down') throw kubeError('network', 'down');
        if (link.state === 'hanging') return hang(call.signal);
        const reply = this.#answer(call);
        return link.state === 'deaf' ? hang(call.signal) : reply;
      },
    };
    return link;
  }

  /** A write by someone else, whatever the version. */
  write(spec: StoredLease['spec']): void {
    this.#store({ metadata: METADATA, spec });
  }

  #answer({ method, body }: Call): Reply {
    const sent = body === undefined ? undefined : (JSON.parse(body) as StoredLease);
    if (method === 'GET') return this.lease ? answer(200, this.lease) : refusal(404, 'NotFound');
    if (method === 'POST' && this.lease) return refusal(409, 'AlreadyExists');
    if (method === 'PUT' && sent?.metadata.resourceVersion !== this.lease?.metadata.resourceVersion) {
      return refusal(409, 'Conflict');
    }
    return sent === undefined ? refusal(400, 'BadRequest') : answer(200, this.#store(sent));
  }

  #store({ metadata, spec }: StoredLease): StoredLease {
    this.#version += 1;
    const type = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
    this.lease = { ...type, metadata: { ...metadata, resourceVersion: String(this.#version) }, spec };
    return this.lease;
  }
}

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason as KubeError);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
  });
}

function answer(status: number, body: unknown): Reply {
  const bytes = Buffer.from(JSON.stringify(body));
  return { status, retryAfterMs: undefined, body: ReadableStream.from([bytes]) };
}

function refusal(status: number, reason: string): Reply {
  return answer(status, { kind: 'Status', code: status, reason });
}
