/** Controls, and characters that turn the direction of text: what a server sends could otherwise steer the terminal. */
const UNSAFE = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Text of others, for a terminal. */
export function safe(text: string): string {
  return text.replace(UNSAFE, '\ufffd');
}

/** JSON of others, for a terminal or a pipe: the same value, with what steers a terminal escaped. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replace(/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
