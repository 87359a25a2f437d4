import type { Device } from '@sekisho/sessions';
import type { FastifyRequest } from 'fastify';

const MAX_USER_AGENT = 512;

/** What the client says of itself wins: behind a proxy or in an app the header tells of something else. */
export function deviceOf({ headers }: Pick<FastifyRequest, 'headers'>, told: Device = {}): Device {
  const userAgent = told.userAgent ?? headers['user-agent']?.slice(0, MAX_USER_AGENT);
  return { ...told, ...(userAgent !== undefined && { userAgent }) };
}
