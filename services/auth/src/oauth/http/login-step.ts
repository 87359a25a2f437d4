import { SessionError } from '@sekisho/sessions';
import type { FastifyReply } from 'fastify';
import { Value } from 'typebox/value';
import { type Account, normaliseEmail } from '../../accounts/account.ts';
import { Email } from '../../accounts/schemas.ts';
import { AuthError } from '../../errors.ts';
import { countedAttempt } from '../../login/counted-attempt.ts';
import { LoginRefused } from '../../login/login.ts';
import { type LoginProblem, loginPage } from '../pages/login-page.ts';
import { RETRY_AFTER } from '../unavailable.ts';
import type { Form } from './form-body.ts';
import { type InteractionDependencies, text, type Visit } from './interaction.ts';

const MAX_PASSWORD = 1_024;
const MAX_EMAIL = 254;

const STATUS: Readonly<Record<LoginProblem['kind'], number>> = {
  wrong_password: 403,
  rate_limited: 429,
  unavailable: 503,
};

export function showLogin(visit: Visit): FastifyReply {
  const hint = text(visit.interaction.params['login_hint']).slice(0, MAX_EMAIL);
  return visit.show(page(visit, hint));
}

/** @returns where the browser goes next; undefined when the page was shown again, saying why */
export async function submitLogin(
  { authenticate, metrics, logIns }: InteractionDependencies,
  visit: Visit,
  form: Form,
): Promise<string | undefined> {
  const email = form.get('email') ?? '';
  const attempt = { email, password: form.get('password') ?? '', ip: visit.ip };
  let account: Account;
  try {
    account = await countedAttempt(metrics, 'oauth_password', () => authenticate(plausible(attempt)));
  } catch (error) {
    const problem = toProblem(error);
    const retryAfter = error instanceof AuthError ? error.retryAfter : RETRY_AFTER;
    visit.show(page(visit, email.slice(0, MAX_EMAIL), problem), { status: STATUS[problem.kind], retryAfter });
    return undefined;
  }
  const { session } = visit.interaction;
  // Another user's sessions are not this one's to forget: they end with the log-in that this one takes the place of.
  if (session?.accountId === account.id) await logIns.prune(account.id, session.uid);
  return visit.finish({ login: { accountId: account.id, amr: ['pwd'] } });
}

/** What no account can have is answered like a wrong password, without the work. */
function plausible<T extends { readonly email: string; readonly password: string }>(attempt: T): T {
  const { email, password } = attempt;
  if (Value.Check(Email, normaliseEmail(email)) && password.length > 0 && password.length <= MAX_PASSWORD)
    return attempt;
  throw new LoginRefused('unknown_user', 'credentials_invalid', 'the e-mail address or the password is wrong');
}

function page(visit: Visit, email: string, problem?: LoginProblem): string {
  const { language, inLanguage, client, action, csrf } = visit;
  return loginPage({
    language,
    inLanguage,
    application: client.name,
    action,
    csrf,
    email,
    ...(problem !== undefined && { problem }),
  });
}

/** @throws what is no reason to show the page again */
function toProblem(error: unknown): LoginProblem {
  if (error instanceof SessionError) return { kind: 'unavailable' };
  if (!(error instanceof AuthError)) throw error;
  switch (error.code) {
    case 'credentials_invalid':
      return { kind: 'wrong_password' };
    case 'rate_limited':
      return { kind: 'rate_limited', seconds: error.retryAfter ?? 60 };
    case 'unavailable':
      return { kind: 'unavailable' };
    default:
      throw error;
  }
}
