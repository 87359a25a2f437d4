import { isRegionName, TEXT_CHARACTER } from '@sekisho/tokens';
import { SessionError } from '../errors.ts';
import { isStoredId } from '../keys.ts';
import { isDated, isRevocationKind, type RevocationEntry, type RevocationKind } from './revocation.ts';

/** As long as any claim may be. */
const ID = new RegExp(`^${TEXT_CHARACTER}{1,512}$`, 'u');
const REGION = '[a-z0-9-]{1,32}';
/** A member of a dated kind's set: `moment[@region[~moment@region][!session]]:id`, what it answers after `~`, what it excepts after `!`. */
const DATED = new RegExp(
  `^(\\d{1,12})(?:@(${REGION})(?:~(\\d{1,12})@(${REGION}))?(?:!([A-Za-z0-9_-]{1,128}))?)?:(.+)$`,
  'u',
);

/** @throws SessionError `revocation_invalid` */
export function assertRevocableId(id: string): void {
  if (ID.test(id)) return;
  throw new SessionError('revocation_invalid', 'what is revoked is named by 1 to 512 characters, none of control');
}

/** @throws SessionError `revocation_invalid` */
export function assertSessionId(id: string): void {
  if (isStoredId(id)) return;
  throw new SessionError('revocation_invalid', 'the session that goes on is no session id');
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

/** What stands before the id of a dated entry's member. @param issuedBefore epoch seconds, or `now` where a script fills it in */
export function toHead(
  issuedBefore: string,
  { region, answers, except }: Pick<RevocationEntry, 'region' | 'answers' | 'except'>,
): string {
  if (region === undefined) return issuedBefore;
  const answered = answers === undefined ? '' : `~${answers.issuedBefore}@${answers.region}`;
  return `${issuedBefore}@${region}${answered}${except === undefined ? '' : `!${except}`}`;
}

function datedEntry(kind: RevocationKind, member: string, until: number): RevocationEntry | undefined {
  const [, issuedBefore, region, answered, asker, except, id] = DATED.exec(member) ?? [];
  if (id === undefined || !isSound(kind, { region, asker, except })) return undefined;
  return {
    kind,
    id,
    issuedBefore: Number(issuedBefore),
    ...(region !== undefined && { region }),
    ...(asker !== undefined && { answers: { region: asker, issuedBefore: Number(answered) } }),
    ...(except !== undefined && { except }),
    until,
  };
}

interface Parts {
  readonly region: string | undefined;
  readonly asker: string | undefined;
  readonly except: string | undefined;
}

/** A log-out is of a region, and it alone leaves a session; nobody answers itself. */
function isSound(kind: RevocationKind, { region, asker, except }: Parts): boolean {
  if ([region, asker].some((name) => name !== undefined && !isRegionName(name))) return false;
  if (asker !== undefined && (asker === region || except !== undefined)) return false;
  return kind === 'logout' ? region !== undefined : except === undefined;
}
