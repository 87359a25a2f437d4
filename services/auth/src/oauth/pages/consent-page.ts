import { html } from './html.ts';
import type { Language } from './language.ts';
import { renderPage } from './layout.ts';
import { messages } from './messages.ts';

export interface ConsentPage {
  readonly language: Language;
  readonly inLanguage: (language: Language) => string;
  readonly application: string;
  readonly account: string;
  readonly action: string;
  readonly csrf: string;
  readonly email: boolean;
  /** Services that were asked for by name, with the permissions if they were named as well; empty for all. */
  readonly services: readonly { readonly name: string; readonly permissions: readonly string[] }[];
  /** Where the browser goes afterwards; none for a device. */
  readonly returnsTo?: string;
}

export function consentPage(page: ConsentPage): string {
  const { language, inLanguage, application, account, action, csrf, returnsTo } = page;
  const text = messages(language);
  return renderPage({
    language,
    inLanguage,
    title: text.consentTitle(application),
    content: html`<h1>${text.consentTitle(application)}</h1>
<p class="lead">${text.consentLead(account)}</p>
<ul class="asks"><li>${text.knowWhoYouAre}</li>
${page.email && html`<li>${text.knowYourEmail}</li>`}
${page.services.length === 0 && html`<li>${text.useEveryService}</li>`}
${page.services.map(({ name, permissions }) => html`<li>${text.useService(name)}${permissions.length > 0 && html`<small>${permissions.join(', ')}</small>`}</li>`)}</ul>
${returnsTo !== undefined && html`<p class="small">${text.returnsTo(returnsTo)}</p>`}
<form method="post" action="${action}">
<input type="hidden" name="csrf" value="${csrf}">
<div class="actions"><button type="submit" name="do" value="allow">${text.allow}</button>
<button class="quiet" type="submit" name="do" value="cancel">${text.deny}</button></div>
</form>`,
  });
}
