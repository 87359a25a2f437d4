import { isReturnPath } from '@sekisho/policy';
import type { Denied } from '../answer.ts';
import type { CheckRequest } from './check-request.ts';

/**
 * A person who comes without a session is shown the log-in page, and not a problem for programs: 302 in place of 401, with the way back.
 * @param loginPath undefined where nobody is sent anywhere
 */
export function towardsLogIn(denial: Denied, request: CheckRequest, loginPath: string | undefined): Denied {
  if (loginPath === undefined || denial.status !== 401 || !isNavigation(request)) return denial;
  // Its own path is closed, or a session is alive and not accepted here: to lead there once more would never end.
  if (request.path === loginPath || denial.code === 'token_invalid') return denial;
  const { path, query } = request;
  const to = query === '' ? path : `${path}?${query}`;
  const location = isReturnPath(to) ? `${loginPath}?to=${encodeURIComponent(to)}` : loginPath;
  return { ...denial, status: 302, location };
}

/** By Fetch Metadata, or by what a browser accepts where it tells nothing. Whoever sends a token is a program. */
function isNavigation({ method, authorization, header }: CheckRequest): boolean {
  if (method !== 'GET' || authorization !== undefined) return false;
  const mode = header('sec-fetch-mode');
  return mode === undefined ? (header('accept') ?? '').includes('text/html') : mode === 'navigate';
}
