import { Type } from 'typebox';
import { AuthError } from '../errors.ts';

/** Not required by the schema: what is missing has an answer of its own, 428. */
export const IfMatch = Type.Object({
  'if-match': Type.Optional(Type.String({ description: 'the ETag of what was read; without it 428' })),
});

/** A strong entity tag (RFC 9110 section 8.8.3) of a version. */
export function entityTag(version: number): string {
  return `"${version}"`;
}

/**
 * The version that a change was decided on, from `If-Match`.
 * @throws AuthError `version_required` without the header (RFC 6585 section 3), `version_conflict` for what is no tag of ours
 */
export function requiredVersion(ifMatch: string | undefined): number {
  if (ifMatch === undefined) {
    throw new AuthError('version_required', 'send If-Match with the ETag of what was read');
  }
  const [, version] = /^"(\d{1,9})"$/.exec(ifMatch.trim()) ?? [];
  if (version !== undefined) return Number(version);
  throw new AuthError('version_conflict', 'If-Match must be one ETag as reading answered it, for example "3"');
}
