import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRefusal } from './errors.ts';
import { receivedHeaders } from './headers.ts';
import type { ReceivedRequest } from './identify.ts';
import { problemOf } from './problem.ts';

export function receivedRequest({ method, rawHeaders }: IncomingMessage): ReceivedRequest {
  return { method: method ?? '', headers: receivedHeaders(rawHeaders) };
}

/** Answers a refusal as a problem. @returns false for an error that is none, or when the answer has begun */
export function answerRefusal(error: unknown, response: ServerResponse): boolean {
  if (!isRefusal(error) || response.headersSent) return false;
  const { status, headers, body } = problemOf(error);
  const text = JSON.stringify(body);
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text);
  return true;
}
