import type { FastifyInstance } from 'fastify';
import { AuthError } from '../../errors.ts';
import type { HttpServer } from '../../http/server.ts';

/** Fields of a form, each of which came once. */
export type Form = ReadonlyMap<string, string>;

const MAX_FIELDS = 50;

/**
 * Reads `application/x-www-form-urlencoded`, bounded by the server's limit for bodies. A field that comes twice is
 * refused (RFC 6749 section 3.2): which of them counts is what parameter pollution is about.
 */
export function readForms(app: HttpServer): void {
  const parser: Parameters<FastifyInstance['addContentTypeParser']>[2] = (_, body, done) => {
    try {
      done(null, parseForm(String(body)));
    } catch (error) {
      done(error instanceof Error ? error : new Error('unreadable', { cause: error }));
    }
  };
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, parser);
}

/** @throws AuthError `request_invalid` */
function parseForm(text: string): Form {
  const fields = [...new URLSearchParams(text)];
  const form = new Map(fields);
  if (fields.length > MAX_FIELDS) throw new AuthError('request_invalid', `a form has at most ${MAX_FIELDS} fields`);
  if (form.size < fields.length) throw new AuthError('request_invalid', 'a field of the form came twice');
  return form;
}
