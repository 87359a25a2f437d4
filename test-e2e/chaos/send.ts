import { Agent, request } from 'undici';
import type { Identity } from '../differential/identities.ts';
import { send as sendOnWire } from '../differential/wire.ts';
import type { Ask, Presented, Reply } from './ask.ts';

export interface Places {
  /** Base URL of the guarded gateway. */
  readonly edge: string;
  /** Where the echo service's Envoy takes mTLS. */
  readonly service: { readonly host: string; readonly port: number };
  /** As the gateway's Envoy has it. */
  readonly identity: Identity;
}

export interface Sender extends AsyncDisposable {
  /** Never rejects. */
  send(ask: Ask): Promise<Reply>;
}

const ANSWER_MS = 20_000;

export function createSender({ edge, service, identity }: Places): Sender {
  const agent = new Agent({ connections: 16, headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS });
  const toEdge = async ({ method, path, presented }: Ask): Promise<Reply> => {
    const token = tokenOf(presented);
    const isItem = method === 'POST';
    const { statusCode, body } = await request(edge + path, {
      dispatcher: agent,
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(isItem && { 'content-type': 'application/json' }),
      },
      body: isItem ? '{"title":"see the storm"}' : null,
    });
    return replyOf(statusCode, await body.text());
  };
  const toService = async ({ method, path: target, presented }: Ask): Promise<Reply> => {
    const token = tokenOf(presented);
    const headers = token === undefined ? [] : [['Authorization', `Bearer ${token}`] as const];
    const answer = await sendOnWire({ method, target, headers }, { ...service, identity });
    return answer === 'cut' ? 'none' : replyOf(answer.status, answer.body);
  };
  return {
    async send(ask) {
      // A connection that broke in a fault is an answer as good as any: nothing passed.
      return (ask.place === 'edge' ? toEdge(ask) : toService(ask)).catch(() => 'none' as const);
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

function tokenOf(presented: Presented): string | undefined {
  switch (presented.kind) {
    case 'none':
      return undefined;
    case 'issued':
      return presented.credential.token;
    case 'forged':
      return presented.token;
  }
}

function replyOf(status: number, body: string): Reply {
  const code = /"code":"(\w+)"/.exec(body)?.[1];
  return status >= 400 && code !== undefined ? { status, code } : { status };
}
