import type { Command } from 'commander';
import { Revoked, read, Sessions } from '../api/answers.ts';
import { findUser } from '../api/users.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { type Invocation, invoke } from '../invocation.ts';
import { revocationOutcome } from './revocation-note.ts';

interface EndOptions {
  readonly user?: string;
  readonly session?: string;
}

/** `sekisho sessions` */
export function sessionsCommand(program: Command, context: Context): void {
  const sessions = program.command('sessions').description('Who is logged in, and ending it');
  sessions
    .command('list <user>')
    .description('List the sessions of a user, the latest used first')
    .action((user: string, _: object, command: Command) => list(invoke(context, command), user));
  sessions
    .command('end')
    .description('End one session, or all of a user, and refuse their tokens')
    .option('--session <id>', 'this one')
    .option('--user <user>', 'all of this user')
    .action((options: EndOptions, command: Command) => end(invoke(context, command), options));
}

async function list(invocation: Invocation, user: string): Promise<void> {
  const send = await invocation.connect();
  const { id } = await findUser(send, user);
  const answer = read(Sessions, (await send({ method: 'GET', path: `/v1/users/${id}/sessions` })).body);
  invocation.view.list(answer, answer.sessions, [
    { title: 'session', value: (session) => session.id },
    { title: 'device', value: ({ device }) => device.platform ?? device.userAgent ?? '' },
    { title: 'address', value: ({ ip = '' }) => ip },
    { title: 'since', value: ({ createdAt }) => createdAt },
    { title: 'last used', value: ({ lastAccessedAt }) => lastAccessedAt },
  ]);
  invocation.view.next('sekisho sessions end --session ID');
}

async function end(invocation: Invocation, { user, session }: EndOptions): Promise<void> {
  if ((user === undefined) === (session === undefined)) throw new CliError('usage', 'name either --session or --user');
  const send = await invocation.connect();
  const body = user === undefined ? { session } : { user: (await findUser(send, user)).id };
  await invocation.confirm(user === undefined ? 'The session will end.' : `${user} will be logged out everywhere.`);
  const answer = await send({ method: 'POST', path: '/v1/revocations', body });
  read(Revoked, answer.body);
  const done = 'Ended. Its tokens are refused from now on.';
  invocation.view.done(revocationOutcome(answer.status, done), 'sekisho sessions list USER');
}
