import { expect, test } from 'vitest';
import { chooseLanguage, type LanguageHints } from './language.ts';

test.each<[LanguageHints, string]>([
  [{}, 'en'],
  [{ acceptLanguage: 'ja' }, 'ja'],
  [{ acceptLanguage: 'ja-JP,en;q=0.5' }, 'ja'],
  [{ acceptLanguage: 'fr, en;q=0.4, ja;q=0.9' }, 'ja'],
  [{ acceptLanguage: 'ja;q=0, en' }, 'en'],
  [{ acceptLanguage: ';;;,,q=,ja;q=x' }, 'en'],
  [{ acceptLanguage: 'en', uiLocales: 'fr ja' }, 'ja'],
  [{ acceptLanguage: 'ja', uiLocales: 'ja', chosen: 'en' }, 'en'],
  [{ chosen: 'xx"><script>', acceptLanguage: 'ja' }, 'ja'],
])('%j is answered in %s', (hints, language) => {
  expect(chooseLanguage(hints)).toBe(language);
});
