import { readText } from './body.ts';
import { type KubeError, type KubeErrorCode, kubeError } from './errors.ts';
import { isRecord, textField } from './json.ts';
import type { Reply } from './transport.ts';

/** An API server echoes parts of the refused object; a message of this length names the field and no more. */
const MAX_MESSAGE = 512;
const MAX_BODY_BYTES = 64 * 1024;

const BY_STATUS: Readonly<Record<number, KubeErrorCode>> = {
  400: 'bad_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  408: 'timeout',
  409: 'conflict',
  410: 'gone',
  413: 'too_large',
  422: 'invalid',
  429: 'too_many_requests',
};

/**
 * The error for an answer outside 2xx, or for the object of a watch's ERROR event.
 * @param body the decoded JSON (a metav1.Status), or undefined where the answer was none
 * @source https://kubernetes.io/docs/reference/using-api/api-concepts/ and metav1.StatusReason
 */
export function errorOfStatus(what: string, status: number, body: unknown, retryAfterMs?: number): KubeError {
  const isStatus = isRecord(body) && body['kind'] === 'Status';
  const reason = isStatus ? textField(body, 'reason') : undefined;
  const said = isStatus ? textField(body, 'message') : undefined;
  const message = `${what.split('?', 1)[0]}: ${status}${said ? ` ${said.slice(0, MAX_MESSAGE)}` : ''}`;
  const code = isTerminating(body) ? 'namespace_terminating' : codeOf(status, reason, isStatus);
  return kubeError(code, message, { status, reason, retryAfterMs });
}

/** By the admission plugin NamespaceLifecycle, whose reason is Forbidden (corev1.NamespaceTerminatingCause). */
function isTerminating(body: unknown): boolean {
  const details = isRecord(body) && isRecord(body['details']) ? body['details'] : {};
  const causes: readonly unknown[] = Array.isArray(details['causes']) ? details['causes'] : [];
  return causes.some((cause) => isRecord(cause) && cause['reason'] === 'NamespaceTerminating');
}

function codeOf(status: number, reason: string | undefined, isStatus: boolean): KubeErrorCode {
  // A path that no API serves is answered in plain text ("404 page not found"), a missing object with a Status.
  if (status === 404 && !isStatus) return 'kind_unknown';
  if (status === 409 && reason === 'AlreadyExists') return 'already_exists';
  return BY_STATUS[status] ?? (status >= 500 ? 'unavailable' : 'unexpected_status');
}

/** The error of an answer outside 2xx; reads its body. */
export async function errorOfReply(what: string, reply: Reply): Promise<KubeError> {
  const text = await readText(reply.body, MAX_BODY_BYTES);
  return errorOfStatus(what, reply.status, statusIn(text), reply.retryAfterMs);
}

function statusIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Plain text is a legal answer (of a proxy, or for an unknown path); what matters is the status code.
    return undefined;
  }
}
