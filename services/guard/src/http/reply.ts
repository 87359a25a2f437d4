import { type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http';
import { IDENTITY_HEADER } from '@sekisho/policy';
import type { Allowed, Answer, Denied } from '../answer.ts';
import type { Place } from './request.ts';

/** By which Envoy tells a service who its direct caller is. Its own value is Envoy's to replace. */
const CLIENT_CERTIFICATE = 'x-forwarded-client-cert';
/**
 * Headers that nobody outside may set. Envoy strips those that it writes itself, and knows nothing of their variants with
 * underscores, which frameworks with CGI names read as the same.
 */
const SPOOFABLE = [
  ...Object.values(IDENTITY_HEADER).flatMap(spellings),
  ...spellings(CLIENT_CERTIFICATE).filter((name) => name !== CLIENT_CERTIFICATE),
];
const REMOVED = { kept: SPOOFABLE.join(','), removed: [...SPOOFABLE, 'authorization'].join(',') } as const;

/** Every way to write some of the dashes of a name as underscores, the name itself among them. */
function spellings(name: string): readonly string[] {
  return name
    .split('-')
    .reduce<readonly string[]>(
      (found, part) => (found.length === 0 ? [part] : found.flatMap((one) => [`${one}-${part}`, `${one}_${part}`])),
      [],
    );
}

/** Answers Envoy. Of 200 it takes the headers named in its provider; anything else goes to the client, but for 5xx, whose body Envoy drops. */
export function reply(response: ServerResponse, place: Place, answer: Answer): void {
  if (!answer.allowed) replyDenied(response, answer);
  else response.writeHead(200, place === 'hop' ? NOTHING : passing(answer)).end();
}

function passing({ authorization, cookies }: Allowed): OutgoingHttpHeaders {
  const isGiven = authorization !== 'removed' && authorization !== 'kept';
  const headers = isGiven ? { ...PASSING.kept, authorization } : PASSING[authorization];
  if (cookies === undefined) return headers;
  // An empty header is not sent on as none.
  return cookies === '' ? { ...headers, [REMOVE]: `${headers[REMOVE]},cookie` } : { ...headers, cookie: cookies };
}

/** By which Envoy is told what to leave out. */
const REMOVE = 'x-envoy-auth-headers-to-remove';
const NOTHING = { 'content-length': 0 } as const;
const PASSING = {
  kept: { ...NOTHING, [REMOVE]: REMOVED.kept },
  removed: { ...NOTHING, [REMOVE]: REMOVED.removed },
} as const;

/** RFC 9457, with a stable `code`. */
function replyDenied(response: ServerResponse, denial: Denied): void {
  const body = JSON.stringify(problemBody(denial));
  response.writeHead(denial.status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(denial.location !== undefined && { location: denial.location }),
    ...challenge(denial),
  });
  response.end(body);
}

export function problemBody({ status, code, detail, policy, rule }: Denied) {
  const title = STATUS_CODES[status] ?? 'Error';
  return {
    ...{ type: 'about:blank', title, status, detail, code },
    ...(policy !== undefined && { policy }),
    ...(rule !== undefined && { rule }),
  };
}

/** RFC 6750 section 3: every 401, and a 403 for want of scope; a request without a token is told no error. */
function challenge({ status, code }: Denied): Readonly<Record<string, string>> {
  if (status === 503) return { 'retry-after': '1' };
  if (status !== 401) return {};
  const error = code === 'token_missing' ? '' : ', error="invalid_token"';
  return { 'www-authenticate': `Bearer realm="sekisho"${error}` };
}
