import { SessionError } from '@sekisho/sessions';
import { Value } from 'typebox/value';
import { normaliseEmail } from '../../accounts/account.ts';
import { Email } from '../../accounts/schemas.ts';
import { AuthError } from '../../errors.ts';
import { LoginRefused } from '../../login/login.ts';
import type { LoginProblem } from '../pages/login-page.ts';
import { RETRY_AFTER } from '../unavailable.ts';
import type { Form } from './form-body.ts';

const MAX_PASSWORD = 1_024;
export const MAX_EMAIL = 254;

const STATUS: Readonly<Record<LoginProblem['kind'], number>> = {
  wrong_password: 403,
  nothing_granted: 403,
  rate_limited: 429,
  unavailable: 503,
};

/** What was typed into the log-in page. */
export function passwordOf(form: Form): { readonly email: string; readonly password: string } {
  return { email: form.get('email') ?? '', password: form.get('password') ?? '' };
}

/**
 * What no account can have is answered like a wrong password, without the work.
 * @throws LoginRefused `credentials_invalid`
 */
export function plausible<T extends { readonly email: string; readonly password: string }>(attempt: T): T {
  const { email, password } = attempt;
  if (Value.Check(Email, normaliseEmail(email)) && password.length > 0 && password.length <= MAX_PASSWORD)
    return attempt;
  throw new LoginRefused('unknown_user', 'credentials_invalid', 'the e-mail address or the password is wrong');
}

/** With what the page is shown again. @throws what is no reason to show it */
export function loginFailure(error: unknown) {
  const problem = toProblem(error);
  const retryAfter = error instanceof AuthError ? error.retryAfter : RETRY_AFTER;
  return { problem, status: STATUS[problem.kind], retryAfter };
}

function toProblem(error: unknown): LoginProblem {
  if (error instanceof SessionError) return { kind: 'unavailable' };
  if (!(error instanceof AuthError)) throw error;
  switch (error.code) {
    case 'credentials_invalid':
      return { kind: 'wrong_password' };
    case 'permission_missing':
      return { kind: 'nothing_granted' };
    case 'rate_limited':
      return { kind: 'rate_limited', seconds: error.retryAfter ?? 60 };
    case 'unavailable':
      return { kind: 'unavailable' };
    default:
      throw error;
  }
}
