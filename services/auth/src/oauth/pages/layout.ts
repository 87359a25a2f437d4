import { type Html, html } from './html.ts';
import { LANGUAGES, type Language } from './language.ts';
import { STYLE, STYLE_SOURCE } from './style.ts';

export interface Page {
  readonly language: Language;
  readonly title: string;
  readonly content: Html;
  /** Where the page is shown in another language; without it there is no switch. */
  readonly inLanguage?: (language: Language) => string;
}

const NAMES: Readonly<Record<Language, string>> = { en: 'English', ja: '日本語' };
const SWITCH: Readonly<Record<Language, string>> = { en: 'Language', ja: '言語' };

/** A gate on a road: the checkpoint that the product is named after. */
const MARK = html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true"><path d="M2 5.5c6.5 1.3 13.5 1.3 20 0M4 10h16M7 6.5V21M17 6.5V21"/></svg>`;

export function renderPage({ language, title, content, inLanguage }: Page): string {
  const document = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Sekisho</title>
${STYLE}
</head>
<body>
<main>
<p class="brand">${MARK}Sekisho</p>
${content}
</main>
${inLanguage && languages(language, inLanguage)}
</body>
</html>
`;
  return document.text;
}

function languages(current: Language, inLanguage: (language: Language) => string): Html {
  const entries = LANGUAGES.map((language) =>
    language === current
      ? html`<span aria-current="true">${NAMES[language]}</span>`
      : html`<a href="${inLanguage(language)}" lang="${language}" hreflang="${language}">${NAMES[language]}</a>`,
  );
  return html`<footer><nav aria-label="${SWITCH[current]}">${entries}</nav></footer>`;
}

/**
 * Nothing from elsewhere, no script, in no frame, kept by nobody.
 * @param formTargets origins that a form may lead to: browsers hold redirects that follow it to the policy too
 */
export function pageHeaders(formTargets: readonly string[] = []): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    `style-src ${STYLE_SOURCE}`,
    `form-action ${["'self'", ...formTargets].join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
  };
}
