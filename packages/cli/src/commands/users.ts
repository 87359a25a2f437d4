import type { Command } from 'commander';
import { read, User, Users } from '../api/answers.ts';
import { findUser } from '../api/users.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { type Invocation, invoke } from '../invocation.ts';
import { collect, count } from '../options.ts';
import { newPassword, type PasswordOptions } from '../passwords.ts';
import { grantText, parseGrant } from './grant-text.ts';
import { revocationNote } from './revocation-note.ts';

interface ListOptions {
  readonly email?: string;
  readonly active?: boolean;
  readonly inactive?: boolean;
  readonly role?: string;
  readonly service?: string;
  readonly limit: number;
  readonly cursor?: string;
}

interface ProfileOptions {
  readonly email?: string;
  readonly role?: string[];
  readonly permission?: string[];
  readonly inactive?: boolean;
  readonly active?: boolean;
  readonly clearRoles?: boolean;
  readonly clearPermissions?: boolean;
}

type CreateOptions = ProfileOptions & PasswordOptions & { readonly grant?: string[] };

/** `sekisho users` */
export function usersCommand(program: Command, context: Context): void {
  const users = program.command('users').description('Create, read, change and delete users');
  users
    .command('list')
    .description('List users, in the order of their ids')
    .option('--email <prefix>', 'whose address begins like this')
    .option('--active', 'who may log in')
    .option('--inactive', 'who may not log in')
    .option('--role <role>', 'who have this role')
    .option('--service <service>', 'who are granted this service')
    .option('--limit <n>', 'at most so many', count(200), 50)
    .option('--cursor <cursor>', 'go on after a page')
    .action((options: ListOptions, command: Command) => list(invoke(context, command), options));
  users
    .command('get <user>')
    .description('Read one user, by id or e-mail address')
    .action(async (user: string, _: object, command: Command) => {
      const invocation = invoke(context, command);
      show(invocation, await findUser(await invocation.connect(), user));
      invocation.view.next(`sekisho grants list ${user}`);
    });
  changeCommands(users, context);
}

function changeCommands(users: Command, context: Context): void {
  profileOptions(users.command('create <email>'))
    .description('Create a user; the password is asked for')
    .option('--grant <service=permission,...>', 'grant a service, may be repeated', collect)
    .option('--inactive', 'may not log in yet')
    .option('--password-stdin', 'read the password from standard input')
    .action((email: string, options: CreateOptions, command: Command) =>
      create(invoke(context, command), email, options),
    );
  profileOptions(users.command('update <user>'))
    .description('Change what is named, and nothing else')
    .option('--email <email>', 'another address')
    .option('--clear-roles', 'no roles')
    .option('--clear-permissions', 'no permissions')
    .option('--active', 'may log in again')
    .action((user: string, options: ProfileOptions, command: Command) =>
      update(invoke(context, command), user, options),
    );
  users
    .command('deactivate <user>')
    .description('Let a user log in no more, and end every session')
    .action((user: string, _: object, command: Command) => deactivate(invoke(context, command), user));
  users
    .command('set-password <user>')
    .description('Set the password of a user, and end every session')
    .option('--password-stdin', 'read the password from standard input')
    .action((user: string, options: PasswordOptions, command: Command) =>
      setPassword(invoke(context, command), user, options),
    );
  users
    .command('delete <user>')
    .description('Delete a user, and end every session')
    .action((user: string, _: object, command: Command) => remove(invoke(context, command), user));
}

function profileOptions(command: Command): Command {
  return command
    .option('--role <role>', 'a role, may be repeated; replaces those there were', collect)
    .option(
      '--permission <permission>',
      'a permission everywhere, may be repeated; replaces those there were',
      collect,
    );
}

async function list(invocation: Invocation, options: ListOptions): Promise<void> {
  const { active = false, inactive = false, limit, ...filters } = options;
  if (active && inactive) throw new CliError('usage', '--active and --inactive exclude each other');
  const query = { ...filters, limit: String(limit), ...(active !== inactive && { active: String(active) }) };
  const send = await invocation.connect();
  const page = read(Users, (await send({ method: 'GET', path: '/v1/users', query })).body);
  invocation.view.list(page, page.items, [
    { title: 'id', value: ({ id }) => id },
    { title: 'email', value: ({ email }) => email },
    { title: 'active', value: (user) => (user.active ? 'yes' : 'no') },
    { title: 'roles', value: ({ roles }) => roles.join(',') },
    { title: 'services', value: ({ grants }) => grants.map(({ service }) => service).join(',') },
  ]);
  invocation.view.next(page.next === undefined ? 'sekisho users get USER' : `sekisho users list --cursor ${page.next}`);
}

async function create(invocation: Invocation, email: string, options: CreateOptions): Promise<void> {
  const { role: roles, permission: permissions, inactive = false, grant } = options;
  const grants = grant?.map(parseGrant);
  const send = await invocation.connect();
  const password = await newPassword(invocation, options);
  const body = { email, password, active: !inactive, roles, permissions, grants };
  const user = read(User, (await send({ method: 'POST', path: '/v1/users', body })).body);
  show(invocation, user);
  invocation.view.next(`sekisho grants set ${user.email} SERVICE --permission PERMISSION`);
}

async function update(invocation: Invocation, user: string, options: ProfileOptions): Promise<void> {
  const { email, role, permission, active, clearRoles = false, clearPermissions = false } = options;
  const patch = {
    ...(email !== undefined && { email }),
    ...(active !== undefined && { active }),
    ...((role !== undefined || clearRoles) && { roles: role ?? [] }),
    ...((permission !== undefined || clearPermissions) && { permissions: permission ?? [] }),
  };
  if (Object.keys(patch).length === 0)
    throw new CliError('usage', 'nothing to change is named', { wayOut: 'See `sekisho users update --help`.' });
  await change(invocation, user, patch);
}

async function deactivate(invocation: Invocation, user: string): Promise<void> {
  await invocation.confirm(`${user} will be logged out everywhere.`);
  await change(invocation, user, { active: false });
}

async function change(invocation: Invocation, user: string, patch: object): Promise<void> {
  const send = await invocation.connect();
  const { id, version } = await findUser(send, user);
  const { status, body } = await send({ method: 'PATCH', path: `/v1/users/${id}`, version, body: patch });
  show(invocation, read(User, body));
  invocation.view.done(revocationNote(status), `sekisho audit --target user:${id}`);
}

async function setPassword(invocation: Invocation, user: string, options: PasswordOptions): Promise<void> {
  await invocation.confirm(`${user} will be logged out everywhere.`);
  const send = await invocation.connect();
  const { id } = await findUser(send, user);
  const password = await newPassword(invocation, options);
  const { status } = await send({ method: 'PUT', path: `/v1/users/${id}/password`, body: { password } });
  invocation.view.done(`The password is set. ${revocationNote(status)}`, `sekisho audit --target user:${id}`);
}

async function remove(invocation: Invocation, user: string): Promise<void> {
  const send = await invocation.connect();
  const { id, email } = await findUser(send, user);
  await invocation.confirm(`The user ${email} will be deleted, which cannot be undone.`);
  const { status } = await send({ method: 'DELETE', path: `/v1/users/${id}` });
  invocation.view.done(`The user is deleted. ${revocationNote(status)}`, `sekisho audit --target user:${id}`);
}

function show({ view }: Invocation, user: User): void {
  view.item(user, [
    ['Id', user.id],
    ['E-mail', user.email],
    ['Active', user.active ? 'yes' : 'no'],
    ['Roles', user.roles.join(', ')],
    ['Permissions', user.permissions.join(', ')],
    ['Grants', user.grants.map(grantText).join('; ')],
    ['Version', String(user.version)],
  ]);
}
