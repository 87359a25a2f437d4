import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { CliError } from '../errors.ts';

const FieldProblem = Type.Object({ field: Type.String(), message: Type.String() });

/** RFC 9457, as the service writes it. */
const Problem = Type.Object({
  detail: Type.String(),
  code: Type.String(),
  errors: Type.Optional(Type.Array(FieldProblem)),
});

/** What a person can do about a refusal, by its stable code. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  token_missing: 'Log in with `sekisho login`.',
  token_malformed: 'Log in again with `sekisho login`, or look at the file that --token-file names.',
  token_expired: 'Log in again with `sekisho login`.',
  token_invalid: 'Log in again with `sekisho login`.',
  token_revoked: 'Log in again with `sekisho login`.',
  session_expired: 'Log in again with `sekisho login`.',
  audience_mismatch: 'The token must be for the service auth: log in with `sekisho login`.',
  permission_missing: 'Ask an administrator for it: `sekisho grants set YOU auth --permission ...`, then log in again.',
  credentials_invalid: 'Check the address and the password.',
  user_unknown: 'Find users with `sekisho users list`.',
  grant_unknown: 'See what is granted with `sekisho grants list USER`.',
  email_taken: 'Find that user with `sekisho users get ADDRESS`.',
  region_unknown: 'See which there are with `sekisho regions`.',
  version_conflict: 'Somebody else changed it at the same time. Look at it, then run the command again.',
  last_administrator: 'First run `sekisho grants set ANOTHER auth --permission users:write --permission grants:admin`.',
  claims_too_large: 'Grant less, or use fewer and shorter names.',
  unavailable: 'Nothing is wrong with the request. Try again in a few seconds.',
};

/** A refusal of the server, in the words of the server and with a way out. */
export function refusal(status: number, body: unknown, retryAfter: string | null): CliError {
  if (!Value.Check(Problem, body)) {
    return new CliError('refused', `the server answered ${status} without saying why`, {
      wayOut: 'Check that --server is the address of the administration.',
    });
  }
  const { detail, code, errors = [] } = body;
  const wait = retryAfter !== null && /^\d{1,5}$/.test(retryAfter) ? `Try again in ${retryAfter} s.` : undefined;
  const wayOut = WAYS_OUT[code] ?? wait;
  const details = errors.map(({ field, message }) => `${field || '/'}: ${message}`);
  return new CliError('refused', `${detail} (${code})`, { details, ...(wayOut !== undefined && { wayOut }) });
}
