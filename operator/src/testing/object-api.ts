import { KubeClient, type Manifest, type Reply, type Transport } from '@sekisho/kube';

type Stored = Manifest & { readonly [field: string]: unknown };

/** A small API server in memory: objects by path, with resourceVersions that are checked. Server-side apply merges `webhooks`. */
export class ObjectApi implements Transport {
  readonly objects = new Map<string, Stored>();
  /** `METHOD path` of every write that was taken. */
  readonly writes: string[] = [];
  /** Called before a write is carried out: to be faster than it, or to fail it. */
  beforeWrite: (path: string) => void = () => undefined;
  #version = 0;

  client(): KubeClient {
    const retry = { attempts: 1, backoff: { baseMs: 1, maxMs: 1 }, maxRetryAfterMs: 0 };
    return new KubeClient(this, { fieldManager: 'sekisho-operator', retry });
  }

  put(path: string, object: Stored): Stored {
    this.#version += 1;
    const metadata = { uid: `uid-${object.metadata.name}`, ...object.metadata, resourceVersion: String(this.#version) };
    const stored = { ...object, metadata };
    this.objects.set(path, stored);
    return stored;
  }

  async send(call: Parameters<Transport['send']>[0]): Promise<Reply> {
    const [path = ''] = call.path.split('?', 1);
    if (call.method === 'GET') return reply(this.objects.get(path), 200);
    this.beforeWrite(path);
    const sent = JSON.parse(call.body ?? '{}') as Stored;
    return this.#write(call.method, path, sent);
  }

  async close(): Promise<void> {}

  #write(method: string, path: string, sent: Stored): Reply {
    const target = method === 'POST' ? `${path}/${sent.metadata.name}` : path;
    const held = this.objects.get(target);
    if (method === 'POST' && held) return status(409, 'AlreadyExists');
    if (method !== 'POST' && !held) return status(404, 'NotFound');
    const { resourceVersion } = sent.metadata;
    if (resourceVersion !== undefined && resourceVersion !== held?.metadata.resourceVersion) {
      return status(409, 'Conflict');
    }
    this.writes.push(`${method} ${target}`);
    return reply(this.put(target, method === 'PATCH' && held ? merged(held, sent) : sent), 200);
  }
}

interface Webhook {
  readonly name: string;
  readonly clientConfig: object;
}

function merged(held: Stored, sent: Stored): Stored {
  const changes = new Map((sent['webhooks'] as Webhook[]).map((webhook) => [webhook.name, webhook.clientConfig]));
  const webhooks = (held['webhooks'] as Webhook[]).map((webhook) => ({
    ...webhook,
    clientConfig: { ...webhook.clientConfig, ...changes.get(webhook.name) },
  }));
  return { ...held, webhooks };
}

function reply(body: unknown, code: number): Reply {
  return body === undefined ? status(404, 'NotFound') : { status: code, retryAfterMs: undefined, body: bytes(body) };
}

function status(code: number, reason: string): Reply {
  return { status: code, retryAfterMs: undefined, body: bytes({ kind: 'Status', code, reason }) };
}

async function* bytes(body: unknown): AsyncGenerator<Uint8Array> {
  yield Buffer.from(JSON.stringify(body));
}
