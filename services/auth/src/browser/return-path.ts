import { AuthError } from '../errors.ts';

const MAX_LENGTH = 2_048;
/**
 * One slash and not two, which would name a host; no backslash, which browsers read as a slash; nothing that they leave out, such as
 * a tab (https://url.spec.whatwg.org/#concept-basic-url-parser).
 */
const PATH = /^\/(?!\/)[!-[\]-~]*$/;

/**
 * Where a browser goes afterwards: a path with its query on the host that asked, and nowhere else.
 * @param to of the query. @default '/'
 * @throws AuthError `request_invalid`
 */
export function parseReturnPath(to = '/'): string {
  if (to.length <= MAX_LENGTH && PATH.test(to)) return to;
  throw new AuthError('request_invalid', 'to must be a path of this host, for example /items?page=2', { field: '/to' });
}
