import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** The entry of `X-Forwarded-For` may be any text: a proxy can be made to pass on what it was sent. */
export function clientAddress({ ip, socket }: FastifyRequest): string {
  return isIP(ip) === 0 ? (socket.remoteAddress ?? '') : ip;
}
