import type { Command } from 'commander';
import { type Grant, read, User } from '../api/answers.ts';
import { findUser } from '../api/users.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { type Invocation, invoke } from '../invocation.ts';
import { collect, momentAfter, rfc3339 } from '../options.ts';
import { revocationNote } from './revocation-note.ts';

interface SetOptions {
  readonly permission?: string[];
  readonly expires?: number;
}

/** `sekisho grants` */
export function grantsCommand(program: Command, context: Context): void {
  const grants = program.command('grants').description('What users may do at each service');
  grants
    .command('list <user>')
    .description('List what is granted to a user')
    .action((user: string, _: object, command: Command) => list(invoke(context, command), user));
  grants
    .command('set <user> <service>')
    .description('Grant a service, in place of what was granted there')
    .option('--permission <permission>', 'a permission there, may be repeated', collect)
    .option(
      '--expires <when>',
      'until a moment like 2027-01-31T12:00:00Z, or for a time like 30d',
      momentAfter(context.now),
    )
    .action((user: string, service: string, options: SetOptions, command: Command) =>
      set(invoke(context, command), { user, service }, options),
    );
  grants
    .command('remove <user> <service>')
    .description('Take the grant of a service away')
    .action((user: string, service: string, _: object, command: Command) =>
      remove(invoke(context, command), { user, service }),
    );
}

interface Place {
  readonly user: string;
  readonly service: string;
}

async function list(invocation: Invocation, name: string): Promise<void> {
  const user = await findUser(await invocation.connect(), name);
  show(invocation, user);
  invocation.view.next(`sekisho grants set ${name} SERVICE --permission PERMISSION`);
}

async function set(invocation: Invocation, { user, service }: Place, options: SetOptions): Promise<void> {
  const { permission: permissions, expires } = options;
  if (permissions === undefined) {
    throw new CliError('usage', 'name at least one --permission', {
      wayOut: 'To take a grant away: `sekisho grants remove`.',
    });
  }
  const send = await invocation.connect();
  const { id } = await findUser(send, user);
  const body = { permissions, ...(expires !== undefined && { expires }) };
  const answer = await send({ method: 'PUT', path: grantPath(id, service), body });
  show(invocation, read(User, answer.body));
  invocation.view.done(
    revocationNote(answer.status),
    'the next token of this user says it; `sekisho sessions list USER` shows who is logged in',
  );
}

async function remove(invocation: Invocation, { user, service }: Place): Promise<void> {
  await invocation.confirm(`${user} will not be allowed anything at ${service} any more.`);
  const send = await invocation.connect();
  const { id } = await findUser(send, user);
  const answer = await send({ method: 'DELETE', path: grantPath(id, service) });
  show(invocation, read(User, answer.body));
  invocation.view.done(revocationNote(answer.status), `sekisho audit --target user:${id}`);
}

function grantPath(id: string, service: string): string {
  return `/v1/users/${id}/grants/${encodeURIComponent(service)}`;
}

function show({ view }: Invocation, { grants }: User): void {
  view.list<Grant>(grants, grants, [
    { title: 'service', value: ({ service }) => service },
    { title: 'permissions', value: ({ permissions }) => permissions.join(',') },
    { title: 'expires', value: ({ expires }) => (expires === undefined ? 'never' : rfc3339(expires)) },
  ]);
}
