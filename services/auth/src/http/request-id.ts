import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Envoy's, so that one request has one name in every log; else one of our own. Short and plain: it is written down as it is. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9-]{8,64}$/.test(given) ? given : randomUUID();
}
