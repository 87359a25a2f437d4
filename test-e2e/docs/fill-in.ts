import type { Command } from './script.ts';

/** What stands for names in capitals, in the order in which they are filled in. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/\btokenissuer NAME\b/g, 'tokenissuer platform'],
  [/\bNAMESPACE\/SERVICEACCOUNT\b/g, 'shop/bucket'],
  [/\bNAMESPACE\b/g, 'shop'],
  [/\bNAME\b/g, 'bucket'],
  [/--path PATH\b/g, '--path /api/bucket-items'],
  [/\bFILE\b/g, 'token.jwt'],
  [/\bUSER\b/g, 'alice@example.org'],
];

export function filledIn({ words, text, ...command }: Command): Command {
  const fill = (written: string) => NAMES.reduce((sofar, [name, value]) => sofar.replace(name, value), written);
  // A name may need the word before it.
  const filled = fill(words.join('\0').replaceAll(/\0(?=NAME\b|PATH\b)/g, ' '));
  return { ...command, words: filled.split(/[\0 ]/), text: fill(text) };
}
