import type { Page } from './pages.ts';
import { kubectlInline, shellBlocks } from './shell.ts';

/** One program that a page has people run, with its arguments. */
export interface Command {
  readonly page: string;
  readonly words: readonly string[];
  /** As it stands there, without what goes into a pipe or behind it. */
  readonly text: string;
}

/** Of a page's blocks for a shell, in its order, then what its text has people run with kubectl. Decisions tell what there is, not what to do. */
export function commandsOf(page: Page): readonly Command[] {
  if (page.path.startsWith('docs/adr/')) return [];
  const inBlocks = shellBlocks(page).flatMap((script) => statements(typed(script)));
  return [...inBlocks, ...kubectlInline(page)].map((text) => ({ page: page.path, words: wordsOf(text), text }));
}

/** Where some lines have a prompt, the others are what comes back. */
function typed(script: string): string {
  const lines = script.split('\n');
  const prompted = lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
  return (prompted.length > 0 ? prompted : lines).join('\n').replaceAll('\\\n', ' ');
}

const SEPARATORS = new Set(['\n', '|', '&', ';']);
const QUOTES = new Set(["'", '"']);

/** Simple commands (POSIX shell, 2.9.1), split where no quote is open; comments and assignments alone are none. */
function statements(script: string): readonly string[] {
  const found: string[] = [];
  let [current, quote] = ['', ''];
  for (const char of script.replaceAll(/(^|\s)#(?!\().*$/gm, '')) {
    if (quote === '' && SEPARATORS.has(char)) {
      found.push(current);
      current = '';
    } else current += char;
    if (quote === char) quote = '';
    else if (quote === '' && QUOTES.has(char)) quote = char;
  }
  return [...found, current].map((text) => text.trim()).filter((text) => text !== '');
}

/** Words as a shell passes them on, as far as pages need it: quotes are gone, and what is written to a file is not told. */
function wordsOf(text: string): readonly string[] {
  const [command = ''] = text.split(/\s>+\s/);
  const words = command.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? [];
  return words.map((word) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}
