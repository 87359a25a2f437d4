import { COMMON_WORDS } from './common-passwords.ts';

/** Digits and signs that stand for letters. */
const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

const ROWS = [
  '0123456789012',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiop',
  'qwertzuiop',
  'asdfghjkl',
  'yxcvbnm',
  'zxcvbnm',
];

/** Runs in either direction. */
const SEQUENCES = ROWS.flatMap((row) => [row, [...row].reverse().join('')]);

/** Longer than this, what stands around a word is a secret of its own. */
const MAX_AROUND = 5;
const END = new RegExp(`\\P{L}{1,${MAX_AROUND}}$`, 'u');

/**
 * Whether a password is among the first that a guesser tries (NIST SP 800-63B section 3.1.1.2 wants such a list, and no
 * rules about kinds of characters): a common word with a little around it, a run of keys, a short piece repeated, or the
 * user's own address. What is not found so early meets the limits of log-in.
 * @param email normalised
 */
export function isWeakPassword(password: string, email: string): boolean {
  const lower = password.toLowerCase();
  const localPart = lettersOf(email.split('@', 1)[0] ?? '');
  const isCommon = (word: string) => COMMON_WORDS.has(word) || word === localPart;
  return (
    isRepetition(lower) ||
    isRun(lower) ||
    spellings(lower).some((text) => isAroundWord(text, isCommon)) ||
    lower === email
  );
}

/** One to four characters, again and again, perhaps with an end to it. */
function isRepetition(text: string): boolean {
  return /^(.{1,4}?)\1+.{0,3}$/su.test(text);
}

function isRun(text: string): boolean {
  return SEQUENCES.some((sequence) => sequence.includes(text));
}

/** What is at the end is more often added than meant for a letter. */
function spellings(text: string): readonly string[] {
  return [text, plain(text), plain(text.replace(END, ''))];
}

function plain(text: string): string {
  return [...text].map((character) => LEET[character] ?? character).join('');
}

/** A word, or one twice, with what is not a letter before and after it. */
function isAroundWord(text: string, isWord: (word: string) => boolean): boolean {
  const [, before = '', middle = '', after = ''] = /^(\P{L}*)(.*?)(\P{L}*)$/su.exec(text) ?? [];
  if (before.length + after.length > MAX_AROUND) return false;
  return [middle, lettersOf(middle)].some((candidate) => isWord(candidate) || isTwice(candidate, isWord));
}

function lettersOf(text: string): string {
  return text.replace(/\P{L}/gu, '');
}

function isTwice(text: string, isWord: (word: string) => boolean): boolean {
  const half = text.slice(0, text.length / 2);
  return text === half + half && isWord(half);
}
