import {
  AlreadyExistsError,
  ConflictError,
  isRecord,
  type KubeClient,
  type KubeObject,
  NotFoundError,
  type ObjectRef,
} from '@sekisho/kube';
import { OperatorError } from '../errors.ts';
import { type Generation, readGeneration } from './generation.ts';
import { SECRETS } from './resources.ts';

const PARTS = { authority: 'ca.crt', certificate: 'tls.crt', key: 'tls.key' } as const;
/** A lost race is read again; who loses this often is not racing. */
const ATTEMPTS = 5;

/** What the Secret shall hold, given what it holds; the same array when nothing is to change. */
export type Decide = (held: readonly Generation[]) => Promise<readonly Generation[]>;

/**
 * Reads the generations that all replicas share, and writes what `decide` makes of them. Of replicas that write at the same
 * time one wins; the others read what it wrote and decide anew. What is no certificate in there counts as absent.
 * @throws KubeError
 * @throws OperatorError `webhook_secret_contended`
 */
export async function keepGenerations(
  client: KubeClient,
  ref: ObjectRef,
  decide: Decide,
  signal: AbortSignal,
): Promise<readonly Generation[]> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const secret = await find(client, ref, signal);
    const held = generationsIn(secret);
    const wanted = await decide(held);
    if (wanted === held || (await write(client, { ref, secret, wanted }, signal))) return wanted;
  }
  throw new OperatorError('webhook_secret_contended', 'the Secret of the webhook changed on every try to write it');
}

async function find(client: KubeClient, ref: ObjectRef, signal: AbortSignal): Promise<KubeObject | undefined> {
  try {
    return await client.get(SECRETS, ref, { signal });
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

interface Change {
  readonly ref: ObjectRef;
  readonly secret: KubeObject | undefined;
  readonly wanted: readonly Generation[];
}

/** False when somebody else was faster. */
async function write(client: KubeClient, { ref, secret, wanted }: Change, signal: AbortSignal): Promise<boolean> {
  const data = dataOf(wanted);
  const { name, namespace } = ref;
  const metadata = { name, ...(namespace !== undefined && { namespace }) };
  const created = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data };
  // With the resourceVersion that was read: a change in between is a conflict.
  const filled: KubeObject | undefined = secret && { ...secret, data };
  try {
    if (filled === undefined) await client.create(SECRETS, created, { signal });
    else await client.replace(SECRETS, filled, { signal });
    return true;
  } catch (error) {
    if (error instanceof AlreadyExistsError || error instanceof ConflictError) return false;
    throw error;
  }
}

/** Keys `<seconds since the epoch>.<part>`: a person sees how old each is, and a replica needs no index. */
function dataOf(generations: readonly Generation[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    generations.flatMap((generation) =>
      Object.entries(PARTS).map(([part, suffix]) => [
        `${generation.createdAt / 1000}.${suffix}`,
        encode(generation[part as keyof typeof PARTS]),
      ]),
    ),
  );
}

function generationsIn(secret: KubeObject | undefined): readonly Generation[] {
  const data = isRecord(secret?.['data']) ? secret['data'] : {};
  const prefixes = Object.keys(data).flatMap((key) =>
    key.endsWith(PARTS.key) ? [key.slice(0, -PARTS.key.length)] : [],
  );
  return prefixes.flatMap((prefix) => {
    const part = (suffix: string) => decode(data[prefix + suffix]);
    const { authority, certificate, key } = PARTS;
    return readGeneration({ authority: part(authority), certificate: part(certificate), key: part(key) }) ?? [];
  });
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

function decode(value: unknown): string {
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
}
