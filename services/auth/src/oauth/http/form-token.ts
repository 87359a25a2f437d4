import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { AuthError } from '../../errors.ts';
import type { Form } from './form-body.ts';

/**
 * Another site's page cannot know the token; browsers that say where a request comes from are believed as well.
 * @throws AuthError `request_invalid`
 */
export function assertOwnForm({ headers }: Pick<FastifyRequest, 'headers'>, form: Form, token: string): void {
  const site = headers['sec-fetch-site'];
  const [given, expected] = [Buffer.from(form.get('csrf') ?? ''), Buffer.from(token)];
  const isOurs = given.length === expected.length && timingSafeEqual(given, expected);
  if (isOurs && (site === undefined || site === 'same-origin')) return;
  throw new AuthError('request_invalid', 'the form is not of this page', { field: 'csrf' });
}
