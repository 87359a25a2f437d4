import { html } from './html.ts';
import type { Language } from './language.ts';
import { renderPage } from './layout.ts';

export interface NoticePage {
  readonly language: Language;
  readonly title: string;
  readonly lead: string;
  /** For whoever runs the application: an error of the protocol. */
  readonly detail?: string | undefined;
}

/** A page that only tells something. */
export function noticePage({ language, title, lead, detail }: NoticePage): string {
  return renderPage({
    language,
    title,
    content: html`<h1>${title}</h1>
<p class="lead">${lead}</p>
${detail !== undefined && html`<p class="small"><code>${detail}</code></p>`}`,
  });
}
