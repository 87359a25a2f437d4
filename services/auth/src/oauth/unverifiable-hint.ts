import { decodeProtectedHeader } from 'jose';

type Parameters = Readonly<Record<string, unknown>>;

/** What of a log-out request is no hint. */
const KEPT = ['client_id', 'post_logout_redirect_uri', 'state', 'ui_locales', 'logout_hint'] as const;

/**
 * An application keeps the id token of its log-in for as long as the session lives, which is longer than the key that
 * signed it is kept. What cannot be verified is not used, and stops no log-out (OpenID Connect RP-Initiated Logout
 * section 4): the person is asked in any case, and who names the application by `client_id` is led back to it.
 * @param verifiable names of the keys that id tokens are verified with
 * @returns the query of the same request without its hint; undefined when the hint is not what is wrong
 */
export function withoutUnverifiableHint(params: Parameters, verifiable: ReadonlySet<string>): string | undefined {
  const hint = params['id_token_hint'];
  if (typeof hint !== 'string' || isVerifiable(hint, verifiable)) return undefined;
  const kept = new URLSearchParams();
  for (const name of KEPT) {
    const value = params[name];
    if (typeof value === 'string') kept.set(name, value);
  }
  return kept.toString();
}

/** What is no token at all is a mistake to be told, so it counts as verifiable. */
function isVerifiable(hint: string, verifiable: ReadonlySet<string>): boolean {
  try {
    const { kid } = decodeProtectedHeader(hint);
    return kid === undefined || verifiable.has(kid);
  } catch {
    return true;
  }
}
