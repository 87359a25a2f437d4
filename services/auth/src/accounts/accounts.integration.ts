import { randomUUID } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../audit/audit.ts';
import { createSqlAudit, forgetAuditBefore } from '../audit/sql-audit.ts';
import type { Database } from '../database/schema.ts';
import { ADMIN_PERMISSIONS } from '../http/permissions.ts';
import { databaseKinds, openTestDatabase } from '../testing/real-service.ts';
import type { Account, AccountChange, AccountStore, NewAccount } from './account.ts';
import { createSqlAccounts } from './sql-accounts.ts';
import { createSqlOutbox } from './sql-outbox.ts';

const by: Actor = { subject: 'admin', client: 'web', session: 's1', requestId: 'r1' };
const newAccount = (email: string, rest: Partial<NewAccount> = {}): NewAccount => ({
  id: randomUUID(),
  email,
  passwordHash: 'hash',
  active: true,
  roles: [],
  permissions: [],
  grants: [],
  ...rest,
});
const administratorGrant = { service: 'auth', permissions: [...ADMIN_PERMISSIONS] };
const update =
  (part: Partial<Account>) =>
  (account: Account): AccountChange => ({ action: 'user.updated', after: { ...account, ...part } });

describe.each(databaseKinds(inject('postgresUrl')))('accounts on $name', (kind) => {
  let database: Awaited<ReturnType<typeof kind.create>>;
  let db: Kysely<Database>;
  let accounts: AccountStore;
  let close = async () => {};

  beforeAll(async () => {
    database = await kind.create();
    ({ db, close } = await openTestDatabase(database.url));
    accounts = createSqlAccounts(db);
  });
  beforeEach(async () => {
    await sql`delete from users`.execute(db);
    await sql`delete from revocation_outbox`.execute(db);
  });
  afterAll(async () => {
    await close();
    await database.remove();
  });

  async function auditOf(userId: string) {
    return createSqlAudit(db).list({ target: `user:${userId}`, limit: 100 });
  }

  test('are read alone as they are read in a list, with every grant and when it ends', async () => {
    const { passwordHash: _, ...account } = newAccount('a@x', {
      roles: ['member'],
      permissions: ['p:q'],
      grants: [
        { service: 'bucket', permissions: ['bucket:read', 'a,"b"'], expires: 253_402_300_799 },
        { service: 'user', permissions: [] },
      ],
    });
    await accounts.create({ ...account, passwordHash: 'hash' }, by);
    await accounts.create(newAccount('b@x'), by);
    expect(await accounts.find(account.id)).toEqual({ ...account, version: 1 });
    const listed = await accounts.list({ limit: 10 });
    for (const each of listed) expect(await accounts.find(each.id)).toEqual(each);
    expect(await accounts.find(randomUUID())).toBeUndefined();
  });

  test('are found by many at once, whatever else is asked for at the same time', async () => {
    const made = ['a@x', 'b@x', 'c@x'].map((email) => newAccount(email, { grants: [administratorGrant] }));
    for (const account of made) await accounts.create(account, by);
    const asked = made.flatMap(({ id }) => [id, id.toUpperCase(), randomUUID()]);
    const none = ['', 'nobody', '\0', '{', `${made[0]?.id}0`, `${made[0]?.id}\n`];
    const found = await Promise.all([...asked, ...none].map((id) => accounts.find(id)));
    expect(found.map((account) => account?.email)).toEqual([
      ...made.flatMap(({ email }) => [email, email, undefined]),
      ...none.map(() => undefined),
    ]);
  });

  test('are filtered and paged, whatever the filters hold', async () => {
    const [percent, plain] = [newAccount('a%b@x'), newAccount('axb@x', { active: false, roles: ['r'] })];
    const granted = newAccount('c@x', { roles: ['r', 'admin'], grants: [{ service: 'bucket', permissions: ['p'] }] });
    for (const account of [percent, plain, granted]) await accounts.create(account, by);
    const emails = async (query: object) =>
      (await accounts.list({ limit: 10, ...query })).map(({ email }) => email).sort();
    expect(await emails({ emailPrefix: 'a%' })).toEqual(['a%b@x']);
    expect(await emails({ emailPrefix: 'a' })).toEqual(['a%b@x', 'axb@x']);
    expect(await emails({ emailPrefix: 'a_' })).toEqual([]);
    expect(await emails({ emailPrefix: 'a\\' })).toEqual([]);
    expect(await emails({ active: false })).toEqual(['axb@x']);
    expect(await emails({ role: 'r', active: true })).toEqual(['c@x']);
    expect(await emails({ service: 'bucket' })).toEqual(['c@x']);
    const [first, second, ...rest] = await accounts.list({ limit: 10 });
    expect(rest).toHaveLength(1);
    expect(await accounts.list({ limit: 1, after: first?.id ?? '' })).toEqual([second]);
    expect((await accounts.list({ limit: 10 })).find(({ email }) => email === 'c@x')?.grants).toEqual(granted.grants);
  });

  test.each(["'; drop table users; --", "' or '1'='1", '{a,"b"}', '$1', '\\', '"', '%'])(
    'take %j for text in every filter',
    async (text) => {
      await accounts.create(newAccount('someone@x', { roles: ['r'] }), by);
      expect(await accounts.list({ emailPrefix: text, limit: 10 })).toEqual([]);
      expect(await accounts.list({ role: text, limit: 10 })).toEqual([]);
      expect(await accounts.list({ service: text, limit: 10 })).toEqual([]);
      expect(await createSqlAudit(db).list({ target: text, limit: 10 })).toEqual([]);
      expect(await createSqlAudit(db).list({ actor: text, limit: 10 })).toEqual([]);
      expect(await accounts.list({ limit: 10 })).toHaveLength(1);
    },
  );

  test('change with an audit record and the owed revocation, all or nothing', async () => {
    const account = await accounts.create(newAccount('a@x', { roles: ['r'] }), by);
    const changed = await accounts.change(account.id, by, update({ roles: [], active: false }));
    expect(changed).toMatchObject({
      account: { version: 2, active: false },
      owed: [{ userId: account.id, scope: 'sessions' }],
    });
    expect(await createSqlOutbox(db).listOwed(10)).toEqual(changed?.owed);
    expect(await auditOf(account.id)).toEqual([
      {
        id: expect.stringMatching(/^\d+$/),
        at: expect.any(Date),
        actor: by,
        action: 'user.updated',
        target: `user:${account.id}`,
        changes: { active: { old: true, new: false }, roles: { old: ['r'], new: [] } },
      },
      expect.objectContaining({ action: 'user.created' }),
    ]);

    await accounts.create(newAccount('taken@x'), by);
    const refused = accounts.change(account.id, by, update({ email: 'taken@x', active: true }));
    await expect(refused).rejects.toMatchObject({ code: 'email_taken' });
    expect(await accounts.find(account.id)).toEqual(changed?.account);
    expect(await auditOf(account.id)).toHaveLength(2);
    expect(await createSqlOutbox(db).listOwed(10)).toHaveLength(1);
  });

  test('that are changed to what they are still owe what was not made, and nothing else', async () => {
    const { id } = await accounts.create(newAccount('a@x', { roles: ['r', 's'] }), by);
    const narrower = await accounts.change(id, by, update({ roles: ['r'] }));
    const inactive = await accounts.change(id, by, update({ active: false }));
    const outbox = createSqlOutbox(db);
    const again = () => accounts.change(id, by, update({ active: false }));
    expect(await again()).toEqual({ ...inactive, owed: [...(narrower?.owed ?? []), ...(inactive?.owed ?? [])] });
    await outbox.markMade(narrower?.owed[0]?.id ?? '');
    expect(await again()).toEqual(inactive);
    await outbox.markMade(inactive?.owed[0]?.id ?? '');
    expect(await again()).toEqual({ ...inactive, owed: [] });
    expect(await auditOf(id)).toHaveLength(3);
  });

  test('that are deleted leave their audit records and what is owed', async () => {
    const grants = [{ service: 'bucket', permissions: ['p'] }];
    const { id } = await accounts.create(newAccount('a@x', { grants }), by);
    const deleted = await accounts.change(id, by, () => ({ action: 'user.deleted', after: undefined }));
    expect(deleted?.account).toMatchObject({ id, grants });
    expect(await accounts.find(id)).toBeUndefined();
    expect(await auditOf(id)).toMatchObject([{ action: 'user.deleted', changes: { email: { old: 'a@x' } } }, {}]);
    expect(await createSqlOutbox(db).listOwed(10)).toMatchObject([{ userId: id, scope: 'sessions' }]);
  });

  test('let exactly one of 100 changes of one version win', async () => {
    const { id } = await accounts.create(newAccount('a@x'), by);
    const attempt = (name: string) =>
      accounts.change(id, by, (account) => {
        if (account.version !== 1) throw new Error('too late');
        return update({ roles: [name] })(account);
      });
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, (_, index) => attempt(`r${index}`)));
    const winners = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(winners).toHaveLength(1);
    expect(await accounts.find(id)).toEqual(winners[0]?.account);
    expect(await auditOf(id)).toHaveLength(2);
  });

  test('never lose their last administrator, also when two remove each other', async () => {
    const grants = [administratorGrant];
    const [one, two] = [
      await accounts.create(newAccount('1@x', { grants }), by),
      await accounts.create(newAccount('2@x', { grants }), by),
    ];
    await accounts.create(newAccount('3@x', { grants: [{ ...administratorGrant, expires: 4_000_000_000 }] }), by);
    await accounts.create(newAccount('4@x', { grants, active: false }), by);
    expect(await accounts.hasAdministrator()).toBe(true);
    const outcomes = await Promise.allSettled([
      accounts.change(one.id, by, update({ active: false })),
      accounts.change(two.id, by, () => ({ action: 'user.deleted', after: undefined })),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find((outcome) => outcome.status === 'rejected')?.reason).toMatchObject({
      code: 'last_administrator',
    });
    expect(await accounts.hasAdministrator()).toBe(true);
    const left = outcomes[0]?.status === 'rejected' ? one.id : two.id;
    for (const part of [{ grants: [] }, { grants: [{ ...administratorGrant, expires: 4_000_000_000 }] }]) {
      await expect(accounts.change(left, by, update(part))).rejects.toMatchObject({ code: 'last_administrator' });
    }
    await accounts.change(left, by, update({ roles: ['still'] }));
  });

  test('replace a hash only by another of the same password', async () => {
    const { id, email } = await accounts.create(newAccount('a@x'), by);
    await accounts.rehash(id, 'other', 'new');
    expect(await accounts.findCredentials(email)).toMatchObject({ passwordHash: 'hash' });
    await accounts.rehash(id, 'hash', 'new');
    expect(await accounts.findCredentials(email)).toMatchObject({ passwordHash: 'new' });
    expect(await accounts.activeVersion(id)).toBe(1);
  });
});

describe.each(databaseKinds(inject('postgresUrl')))('the audit log on $name', (kind) => {
  test('is appended to, read in pages, and forgotten only when it is old', async () => {
    const database = await kind.create();
    const { db, close } = await openTestDatabase(database.url);
    try {
      const accounts = createSqlAccounts(db);
      const audit = createSqlAudit(db);
      for (const name of ['a', 'b', 'c']) await accounts.create(newAccount(`${name}@x`), { ...by, subject: name });
      const [newest, ...older] = await audit.list({ limit: 10 });
      expect(newest?.actor.subject).toBe('c');
      expect((await audit.list({ limit: 10, before: newest?.id ?? '' })).map(({ id }) => id)).toEqual(
        older.map(({ id }) => id),
      );
      expect(await audit.list({ limit: 10, actor: 'b', action: 'user.created' })).toHaveLength(1);
      expect(await audit.list({ limit: 10, action: 'user.deleted' })).toEqual([]);
      expect(
        await audit.list({ limit: 10, until: newest?.at ?? new Date(0), since: older.at(-1)?.at ?? new Date(0) }),
      ).toHaveLength(2);

      for (const statement of [
        sql`update audit_log set actor = 'somebody'`,
        sql`delete from audit_log`,
        sql`truncate audit_log`,
        sql`insert into audit_log (actor, action, target, changes, request_id) values ('a', 'b', 'c', jsonb_build_object('x', (select jsonb_agg(md5(n::text)) from generate_series(1, 9000) n)), 'r')`,
      ]) {
        await expect(statement.execute(db)).rejects.toThrow();
      }
      await sql`insert into audit_log (at, actor, action, target, changes, request_id) values (now() - interval '31 days', 'a', 'b', 'c', '{}', 'r')`.execute(
        db,
      );
      expect(await forgetAuditBefore(db, new Date(Date.now() - 30 * 86_400_000), 10)).toBe(false);
      expect(await audit.list({ limit: 10 })).toHaveLength(3);
    } finally {
      await close();
      await database.remove();
    }
  });
});
