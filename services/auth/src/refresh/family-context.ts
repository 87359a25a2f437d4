import { SessionError } from '@sekisho/sessions';
import { ServiceName } from '@sekisho/tokens';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';

/** What a family of refresh tokens was begun for, kept beside it: no refresh brings more. */
const FamilyContext = Type.Object({
  /** Whom the tokens are bound to (RFC 6749 section 6). */
  clientId: Type.String(),
  /** Services that the user asked for; without it, all that are granted but `auth`. */
  services: Type.Optional(Type.Array(ServiceName)),
  /** OAuth scopes, where there are any. */
  scopes: Type.Optional(Type.Array(Type.String())),
});
export type FamilyContext = Static<typeof FamilyContext>;

const validator = Compile(FamilyContext);

/** @throws SessionError `session_invalid` for what `JSON.stringify` of a context did not write */
export function parseContext(text: string): FamilyContext {
  try {
    const context: unknown = JSON.parse(text);
    if (validator.Check(context)) return context;
  } catch (cause) {
    throw damaged(cause);
  }
  throw damaged(undefined);
}

function damaged(cause: unknown): SessionError {
  return new SessionError('session_invalid', 'what a stored session may be refreshed for is damaged', { cause });
}
