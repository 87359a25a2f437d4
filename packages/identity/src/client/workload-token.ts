import { readFile } from 'node:fs/promises';
import { ServiceCallError } from '../errors.ts';
import { isObject } from '../verified-payload.ts';

/** What a workload proves itself with at the auth service. */
export interface WorkloadToken {
  readonly token: string;
  /** Name of the workload, for example `system:serviceaccount:shop:bucket`. */
  readonly name: string;
}

const TOKEN = /^[\w-]+\.([\w-]+)\.[\w-]+$/;
const WORKLOAD = /^system:serviceaccount:[^:]+:[^:]+$/;
const MAX_LENGTH = 16_384;

/**
 * The projected ServiceAccount token. The kubelet replaces the file before it expires, so it is read each time.
 * @throws ServiceCallError `exchange_failed`, with a message that holds nothing of the file
 */
export async function readWorkloadToken(file: string): Promise<WorkloadToken> {
  const token = (await readText(file)).trim();
  const [, payload] = token.length <= MAX_LENGTH ? (TOKEN.exec(token) ?? []) : [];
  const name = payload === undefined ? undefined : subjectOf(payload);
  if (name === undefined) throw unusable(file, 'holds no ServiceAccount token');
  return { token, name };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw unusable(file, 'cannot be read', cause);
  }
}

/** Not verified: the auth service does that, and refuses a name that the token does not prove. */
function subjectOf(payload: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const subject = isObject(claims) ? claims['sub'] : undefined;
    return typeof subject === 'string' && WORKLOAD.test(subject) ? subject : undefined;
  } catch {
    // The parser's message quotes the text.
    return undefined;
  }
}

function unusable(file: string, what: string, cause?: unknown): ServiceCallError {
  const wayOut = 'mount a projected ServiceAccount token with the audience sekisho there';
  return new ServiceCallError('exchange_failed', `The file ${file} ${what}: ${wayOut}.`, { cause });
}
