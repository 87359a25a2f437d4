/**
 * One form for one password, however a keyboard or a system writes it (RFC 8265 section 4.2.2, OpaqueString): every
 * kind of space is a space, letters are composed (NFC). Case and width stay.
 */
export function opaqueString(password: string): string {
  return password.replace(/\p{Zs}/gu, ' ').normalize('NFC');
}
