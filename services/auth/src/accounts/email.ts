import { AuthError } from '../errors.ts';

/** Scripts whose letters look like each other's. Han, kana and Hangul do not, and are often written beside Latin. */
const LOOKALIKE_SCRIPTS = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
  /\p{Script=Coptic}/u,
];

/**
 * An address that a person can tell from another one, for an account that is made or changed: an administrator grants by
 * what he reads. Refused are characters that are not seen or are drawn as others (Unicode TR 36 section 2), and letters of
 * look-alike scripts within one part (UTS 39 section 5). One script that imitates another throughout is not noticed.
 * @param email normalised
 * @throws AuthError `request_invalid`
 */
export function assertDistinctive(email: string): void {
  const refuse = (why: string) => {
    throw new AuthError('request_invalid', `the e-mail address ${why}`, { field: '/email' });
  };
  if (/[\p{Cf}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}]/u.test(email)) refuse('holds a character that is not seen');
  if (email.normalize('NFKC') !== email) refuse('holds a character that stands for others: write those');
  for (const part of email.split(/[@.]/)) {
    if (LOOKALIKE_SCRIPTS.filter((script) => script.test(part)).length > 1) refuse('mixes alphabets within one part');
  }
}
