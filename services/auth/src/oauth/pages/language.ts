export const LANGUAGES = ['en', 'ja'] as const;
export type Language = (typeof LANGUAGES)[number];

export interface LanguageHints {
  /** What the person chose on a page. */
  readonly chosen?: string | undefined;
  /** `ui_locales` of the request (OpenID Connect Core section 3.1.2.1): tags by preference, separated by spaces. */
  readonly uiLocales?: string | undefined;
  /** RFC 9110 section 12.5.4. */
  readonly acceptLanguage?: string | undefined;
}

const MAX_LENGTH = 200;

/** The person's own choice first, then the application's, then the browser's; else English. */
export function chooseLanguage({ chosen, uiLocales, acceptLanguage }: LanguageHints): Language {
  const tags = [
    ...(chosen === undefined ? [] : [chosen]),
    ...(uiLocales ?? '').slice(0, MAX_LENGTH).split(' '),
    ...byQuality((acceptLanguage ?? '').slice(0, MAX_LENGTH)),
  ];
  return tags.map(toLanguage).find((language) => language !== undefined) ?? 'en';
}

function toLanguage(tag: string): Language | undefined {
  const primary = tag.toLowerCase().split('-', 1)[0];
  return LANGUAGES.find((language) => language === primary);
}

function byQuality(header: string): readonly string[] {
  return header
    .split(',')
    .map((range) => {
      const [tag = '', quality = 'q=1'] = range.split(';').map((part) => part.trim());
      return { tag, quality: Number(quality.replace(/^q=/, '')) || 0 };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality)
    .map(({ tag }) => tag);
}
