import type { FastifyReply } from 'fastify';
import type { Account } from '../../accounts/account.ts';
import { countedAttempt } from '../../login/counted-attempt.ts';
import { type LoginProblem, loginPage } from '../pages/login-page.ts';
import type { Form } from './form-body.ts';
import { type InteractionDependencies, text, type Visit } from './interaction.ts';
import { loginFailure, MAX_EMAIL, passwordOf, plausible } from './password-form.ts';

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
  const attempt = { ...passwordOf(form), ip: visit.ip };
  let account: Account;
  try {
    account = await countedAttempt(metrics, 'oauth_password', () => authenticate(plausible(attempt)));
  } catch (error) {
    const { problem, ...answer } = loginFailure(error);
    visit.show(page(visit, attempt.email.slice(0, MAX_EMAIL), problem), answer);
    return undefined;
  }
  const { session } = visit.interaction;
  // Another user's sessions are not this one's to forget: they end with the log-in that this one takes the place of.
  if (session?.accountId === account.id) await logIns.prune(account.id, session.uid);
  return visit.finish({ login: { accountId: account.id, amr: ['pwd'] } });
}

function page(visit: Visit, email: string, problem?: LoginProblem): string {
  const { language, inLanguage, client, action, csrf } = visit;
  return loginPage({
    ...{ language, inLanguage, action, csrf, email },
    application: client.name,
    cancellable: true,
    ...(problem !== undefined && { problem }),
  });
}
