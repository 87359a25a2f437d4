import type { Problem } from '../problem.ts';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const IN_CLUSTER = /^[a-z0-9.-]+\.svc(\.cluster\.local)?$/;

/**
 * A key set decides who is let in, so it is fetched over TLS; plain http only where the name cannot leave the machine or the
 * cluster. The URL is never repeated in a message, because it may carry a password.
 */
export function jwksUriProblems(uri: string, path: string): readonly Problem[] {
  const url = URL.parse(uri);
  if (url === null) return [bad(path, 'is not a URL', 'write an absolute https URL')];
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    return [bad(path, 'carries a user name, password or fragment', 'remove it')];
  }
  const local = LOOPBACK.test(url.hostname) || IN_CLUSTER.test(url.hostname);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && local)) return [];
  return [bad(path, 'must be https (http only to loopback, *.svc and *.svc.cluster.local)', 'use an https URL')];
}

function bad(path: string, message: string, hint: string): Problem {
  return { path, code: 'BadValue', message, hint };
}
