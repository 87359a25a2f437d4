import type { AuditAction } from '../audit/audit.ts';
import { AuthError } from '../errors.ts';
import type { AssertTokensFit } from '../login/tokens-fit.ts';
import type { PasswordHasher } from '../passwords/hasher.ts';
import { acceptPassword } from '../passwords/new-password.ts';
import {
  type Account,
  type AccountChange,
  type AccountStore,
  type ChangedAccount,
  type Grant,
  normaliseEmail,
  type Profile,
} from './account.ts';
import { type Administrator, assertAuthority } from './authority.ts';
import { assertDistinctive } from './email.ts';
import type { RevocationOutbox } from './revocation-outbox.ts';
import { Email, stillFitting } from './schemas.ts';

export interface AdministrationOptions {
  readonly accounts: AccountStore;
  readonly passwords: PasswordHasher;
  readonly outbox: Pick<RevocationOutbox, 'make'>;
  readonly assertTokensFit: AssertTokensFit;
  readonly uuid: () => string;
}

export interface NewUser extends Partial<Omit<Profile, 'email'>> {
  readonly email: string;
  readonly password: string;
}

export type ProfilePatch = Partial<Omit<Profile, 'grants'>>;

/** A change, and whether all that had to be revoked for it is: if not, the service goes on trying. */
export interface Outcome {
  readonly account: Account;
  readonly revoked: boolean;
}

/** One user, by whom it is changed, and the version that the change was decided on. */
export interface Subject {
  readonly id: string;
  readonly by: Administrator;
  readonly version?: number;
}

/**
 * What administrators do with users. Every method rejects with AuthError: `permission_missing` when it would give or take
 * more than the administrator may, `last_administrator`, `user_unknown`, `version_conflict`, `unavailable`.
 */
export interface Administration {
  /** @throws AuthError `email_taken`, `password_weak`, `grants_ambiguous`, `claims_too_large`, `request_invalid` */
  create(user: NewUser, by: Administrator): Promise<Account>;
  /** @throws AuthError `email_taken`, `claims_too_large`, `request_invalid` */
  update(subject: Subject, patch: ProfilePatch): Promise<Outcome>;
  /** @throws AuthError `grants_ambiguous`, `claims_too_large` */
  replaceGrants(subject: Subject, grants: readonly Grant[]): Promise<Outcome>;
  /** @throws AuthError `claims_too_large` */
  setGrant(subject: Subject, grant: Grant): Promise<Outcome>;
  /** @throws AuthError `grant_unknown` */
  removeGrant(subject: Subject, service: string): Promise<Outcome>;
  /** Ends every session of the user. @throws AuthError `password_weak`, `request_invalid` */
  resetPassword(subject: Subject, password: string): Promise<Outcome>;
  /** Ends every session of the user. */
  remove(subject: Subject): Promise<Outcome>;
}

type Edit = (account: Account) => Profile;

export function createAdministration(options: AdministrationOptions): Administration {
  const { accounts, passwords, assertTokensFit } = options;

  /** What takes time is checked before, on what is then most likely still so; the rules once more where nobody else can write. */
  async function edit(subject: Subject, action: AuditAction, next: Edit): Promise<Outcome> {
    const current = known(await accounts.find(subject.id));
    await assertTokensFit({ ...current, ...next(current) });
    return change(options, subject, (account) => ({ action, after: next(account) }));
  }

  return {
    create: (user, by) => create(options, user, by),
    async update(subject, { email, ...patch }) {
      const address = email !== undefined && { email: acceptAddress(email) };
      return edit(subject, 'user.updated', (account) => ({ ...account, ...patch, ...address }));
    },
    async replaceGrants(subject, grants) {
      eachServiceOnce(grants);
      return edit(subject, 'grants.changed', (account) => ({ ...account, grants }));
    },
    setGrant: (subject, grant) =>
      edit(subject, 'grants.changed', (account) => ({
        ...account,
        grants: [...without(account, grant.service), grant],
      })),
    removeGrant: (subject, service) =>
      change(options, subject, (account) => {
        const grants = without(account, service);
        if (grants.length < account.grants.length) return { action: 'grants.changed', after: { ...account, grants } };
        throw new AuthError('grant_unknown', 'this service is not granted to the user');
      }),
    async resetPassword(subject, password) {
      const { email } = known(await accounts.find(subject.id));
      const passwordHash = await passwords.hash(acceptPassword(password, email, '/password'));
      const ends = { action: 'password.reset', revocation: { scope: 'sessions' } } as const;
      return change(options, subject, (account) => ({ ...ends, after: account, passwordHash }));
    },
    remove: (subject) => change(options, subject, () => ({ action: 'user.deleted', after: undefined })),
  };
}

async function create(
  { accounts, passwords, assertTokensFit, uuid }: AdministrationOptions,
  { email: given, password, active = true, roles = [], permissions = [], grants = [] }: NewUser,
  by: Administrator,
): Promise<Account> {
  eachServiceOnce(grants);
  const email = acceptAddress(given);
  const user = { id: uuid(), email, active, roles, permissions, grants };
  const accepted = acceptPassword(password, email, '/password');
  assertAuthority(by, undefined, user);
  await assertTokensFit(user);
  return accounts.create({ ...user, passwordHash: await passwords.hash(accepted) }, by);
}

async function change(
  { accounts, outbox }: AdministrationOptions,
  { id, by, version }: Subject,
  decide: (account: Account) => AccountChange,
): Promise<Outcome> {
  const changed = await accounts.change(id, by, (account) => {
    if (version !== undefined && version !== account.version) throw changedMeanwhile(account.version);
    const decided = decide(account);
    assertAuthority(by, account, decided.after);
    return decided;
  });
  return outcomeOf(outbox, known(changed));
}

/** Makes at once what a committed change owes. */
export async function outcomeOf(
  outbox: Pick<RevocationOutbox, 'make'>,
  { account, owed }: ChangedAccount,
): Promise<Outcome> {
  const made = await Promise.all(owed.map((each) => outbox.make(each)));
  return { account, revoked: made.every(Boolean) };
}

function acceptAddress(given: string): string {
  const email = stillFitting(Email, normaliseEmail(given), '/email');
  assertDistinctive(email);
  return email;
}

function eachServiceOnce(grants: readonly Grant[]): void {
  const services = new Set(grants.map((grant) => grant.service));
  if (services.size < grants.length) throw new AuthError('grants_ambiguous', 'each service may be granted once');
}

function without(account: Account, service: string): readonly Grant[] {
  return account.grants.filter((grant) => grant.service !== service);
}

export function known<T>(found: T | undefined): T {
  if (found === undefined) throw new AuthError('user_unknown', 'there is no user with this id');
  return found;
}

function changedMeanwhile(version: number): AuthError {
  return new AuthError(
    'version_conflict',
    `the user was changed meanwhile, to version ${version}: read it and decide anew`,
  );
}
