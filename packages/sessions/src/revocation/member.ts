import { TEXT_CHARACTER } from '@sekisho/tokens';
import { SessionError } from '../errors.ts';
import { isDated, isRevocationKind, type RevocationEntry, type RevocationKind } from './revocation.ts';

/** As long as any claim may be. */
const ID = new RegExp(`^${TEXT_CHARACTER}{1,512}$`, 'u');
/** A member of a dated kind's set: its moment, then the id. */
const DATED = /^(\d{1,12}):(.+)$/u;

/** @throws SessionError `revocation_invalid` */
export function assertRevocableId(id: string): void {
  if (ID.test(id)) return;
  throw new SessionError('revocation_invalid', 'what is revoked is named by 1 to 512 characters, none of control');
}

/**
 * An entry as the sets and the stream keep it: a kind, a member, when it ends.
 * @returns undefined for what this version does not know: a newer one may run beside it
 */
export function toEntry(kind: string, member: string, until: string): RevocationEntry | undefined {
  const end = Number(until);
  if (!isRevocationKind(kind) || member === '' || !Number.isSafeInteger(end)) return undefined;
  return isDated(kind) ? datedEntry(kind, member, end) : { kind, id: member, until: end };
}

function datedEntry(kind: RevocationKind, member: string, until: number): RevocationEntry | undefined {
  const [, issuedBefore, id] = DATED.exec(member) ?? [];
  return id === undefined ? undefined : { kind, id, issuedBefore: Number(issuedBefore), until };
}
