import { isReturnPath } from '@sekisho/policy';
import { AuthError } from '../errors.ts';

/**
 * Where a browser goes afterwards: a path with its query on the host that asked, and nowhere else.
 * @param to of the query. @default '/'
 * @throws AuthError `request_invalid`
 */
export function parseReturnPath(to = '/'): string {
  if (isReturnPath(to)) return to;
  throw new AuthError('request_invalid', 'to must be a path of this host, for example /items?page=2', { field: '/to' });
}
