import { html } from './html.ts';
import type { Language } from './language.ts';
import { renderPage } from './layout.ts';
import { type Messages, messages } from './messages.ts';

export type LoginProblem =
  | { readonly kind: 'wrong_password' }
  | { readonly kind: 'nothing_granted' }
  | { readonly kind: 'rate_limited'; readonly seconds: number }
  | { readonly kind: 'unavailable' };

export interface LoginPage {
  readonly language: Language;
  readonly inLanguage: (language: Language) => string;
  /** What the person continues to. */
  readonly application: string;
  readonly action: string;
  readonly csrf: string;
  /** What was typed before, or what the application knows (`login_hint`). */
  readonly email: string;
  /** Whether there is somebody to tell that the person does not want to. */
  readonly cancellable: boolean;
  readonly problem?: LoginProblem;
}

export function loginPage(page: LoginPage): string {
  const { language, inLanguage, application, action, csrf, email, cancellable, problem } = page;
  const text = messages(language);
  const invalid = problem?.kind === 'wrong_password';
  const described = invalid && html` aria-invalid="true" aria-describedby="problem"`;
  return renderPage({
    language,
    inLanguage,
    title: text.logIn,
    content: html`<h1>${text.logIn}</h1>
<p class="lead">${text.toContinueTo(application)}</p>
${problem && html`<p class="alert" id="problem" role="alert">${say(text, problem)}</p>`}
<form method="post" action="${action}">
<input type="hidden" name="csrf" value="${csrf}">
<div class="field"><label for="email">${text.email}</label>
<input id="email" name="email" type="email" autocomplete="username" inputmode="email" autocapitalize="none" spellcheck="false" maxlength="254" required value="${email}"${email === '' && html` autofocus`}${described}></div>
<div class="field"><label for="password">${text.password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024" required${email !== '' && html` autofocus`}${described}></div>
<div class="actions"><button type="submit" name="do" value="log-in">${text.logIn}</button>
${cancellable && html`<button class="quiet" type="submit" name="do" value="cancel" formnovalidate>${text.cancel}</button>`}</div>
</form>`,
  });
}

function say(text: Messages, problem: LoginProblem): string {
  switch (problem.kind) {
    case 'wrong_password':
      return text.wrongPassword;
    case 'nothing_granted':
      return text.nothingGranted;
    case 'rate_limited':
      return text.rateLimited(problem.seconds);
    case 'unavailable':
      return text.unavailable;
  }
}
