import { html } from './html.ts';
import type { Language } from './language.ts';
import { renderPage } from './layout.ts';
import { messages } from './messages.ts';

export interface LogoutPage {
  readonly language: Language;
  readonly action: string;
  readonly xsrf: string;
  /** Who is logged in; undefined when nobody is any more, and only the way back is left. */
  readonly account: string | undefined;
  /** Which application asked. */
  readonly application?: string | undefined;
}

export function logoutPage({ language, action, xsrf, account, application }: LogoutPage): string {
  const text = messages(language);
  const hidden = html`<input type="hidden" name="xsrf" value="${xsrf}">`;
  if (account === undefined) {
    return renderPage({
      language,
      title: text.leavingTitle,
      content: html`<h1>${text.leavingTitle}</h1>
<p class="lead">${text.leavingLead}</p>
<form method="post" action="${action}">${hidden}
<div class="actions"><button type="submit" name="logout" value="yes">${text.continue}</button></div>
</form>`,
    });
  }
  return renderPage({
    language,
    title: text.logOutTitle,
    content: html`<h1>${text.logOutTitle}</h1>
<p class="lead">${text.logOutLead(account)}</p>
<form method="post" action="${action}">${hidden}
<div class="actions"><button type="submit" name="logout" value="yes">${text.logOut}</button>
<button class="quiet" type="submit">${application === undefined ? text.stay : text.logOutOnly(application)}</button></div>
</form>`,
  });
}
