import { foreignCookies } from '@sekisho/tokens';
import type { Allowed } from '../answer.ts';

/** Part of the name of every cookie that is meant: most requests have none. */
const MARK = 'sekisho_';

/**
 * Takes the platform's own cookies out of what a service is sent: the one of a browser's session, and those of the log-in pages. Others
 * pass as they came.
 * @param header the `Cookie` header, of several their values
 */
export function withoutOwnCookies(answer: Allowed, header: string | undefined): Allowed {
  if (header === undefined || !header.includes(MARK)) return answer;
  const cookies = foreignCookies(header);
  return cookies === undefined ? answer : { ...answer, cookies };
}
