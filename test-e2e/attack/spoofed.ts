import { IDENTITY_HEADER } from '@sekisho/policy';

/** In no value that anybody else writes. */
export const MARK = 'spoofed';
const CLIENT_CERT = 'x-forwarded-client-cert';
const ROOT = `By=spiffe://${MARK};URI=spiffe://cluster.local/ns/${MARK}/sa/root`;

/** What tells a service who calls, in every spelling that some framework reads as the same name (RFC 3875 section 4.1.18). */
export const SPOOFED: readonly (readonly [name: string, value: string])[] = [
  ...Object.values(IDENTITY_HEADER).flatMap((name) => spellings(name).map((one) => [one, MARK] as const)),
  ...spellings(CLIENT_CERT).map((one) => [one, ROOT] as const),
];

/** Each dash as a dash or as an underscore. */
function spellings(name: string): readonly string[] {
  const [first = '', ...rest] = name.split('-');
  return rest.reduce((found, part) => found.flatMap((one) => [`${one}-${part}`, `${one}_${part}`]), [first]);
}
