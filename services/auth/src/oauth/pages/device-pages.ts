import { html } from './html.ts';
import type { Language } from './language.ts';
import { renderPage } from './layout.ts';
import { messages } from './messages.ts';

export interface DeviceCodePage {
  readonly language: Language;
  readonly action: string;
  readonly xsrf: string;
  readonly code: string;
  readonly problem?: string | undefined;
}

export function deviceCodePage({ language, action, xsrf, code, problem }: DeviceCodePage): string {
  const text = messages(language);
  const described = problem !== undefined && html` aria-invalid="true" aria-describedby="problem"`;
  return renderPage({
    language,
    title: text.deviceTitle,
    content: html`<h1>${text.deviceTitle}</h1>
<p class="lead">${text.deviceLead}</p>
${problem !== undefined && html`<p class="alert" id="problem" role="alert">${problem}</p>`}
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${xsrf}">
<div class="field"><label for="code">${text.deviceCode}</label>
<input class="code" id="code" name="user_code" type="text" autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" maxlength="32" required autofocus value="${code}"${described}></div>
<div class="actions"><button type="submit">${text.continue}</button></div>
</form>`,
  });
}

export interface DeviceConfirmPage {
  readonly language: Language;
  readonly action: string;
  readonly xsrf: string;
  readonly code: string;
  readonly application: string;
  readonly ip?: string | undefined;
}

/** RFC 8628 sections 3.3.1 and 5.4: what is being connected is told, and confirmed, before anybody logs in. */
export function deviceConfirmPage({ language, action, xsrf, code, application, ip }: DeviceConfirmPage): string {
  const text = messages(language);
  return renderPage({
    language,
    title: text.confirmDeviceTitle(application),
    content: html`<h1>${text.confirmDeviceTitle(application)}</h1>
<p class="lead">${text.confirmDeviceLead}</p>
<p class="user-code">${code}</p>
${ip !== undefined && html`<p class="small">${text.confirmDeviceFrom(ip)}</p>`}
<p class="small">${text.confirmDeviceWarning}</p>
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${xsrf}">
<input type="hidden" name="user_code" value="${code}">
<div class="actions"><button type="submit" name="confirm" value="yes">${text.continue}</button>
<button class="quiet" type="submit" name="abort" value="yes">${text.cancel}</button></div>
</form>`,
  });
}
