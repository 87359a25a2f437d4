import type { Command } from 'commander';
import { Revoked, read } from '../api/answers.ts';
import { findUser } from '../api/users.ts';
import type { Context } from '../context.ts';
import { type Invocation, invoke } from '../invocation.ts';
import { momentBefore, rfc3339 } from '../options.ts';
import { revocationOutcome } from './revocation-note.ts';

/** What can be revoked by a name, with what to tell before. */
const NAMED = [
  { name: 'jti', argument: '<jti>', about: 'One token, by its jti, and what was derived from it' },
  { name: 'session', argument: '<id>', about: 'A session, which ends too' },
  { name: 'device', argument: '<fingerprint>', about: 'Everything issued to sessions on a device until now' },
  { name: 'client', argument: '<id>', about: 'Everything issued to a client until now' },
  { name: 'key', argument: '<kid>', about: 'Everything that a signing key signed' },
] as const;

/** `sekisho revoke` */
export function revokeCommand(program: Command, context: Context): void {
  const revoke = program.command('revoke').description('Refuse tokens from now on, at every service');
  for (const { name, argument, about } of NAMED) {
    revoke
      .command(`${name} ${argument}`)
      .description(about)
      .action((id: string, _: object, command: Command) =>
        send(invoke(context, command), `${about}: ${id}.`, { [name]: id }),
      );
  }
  revoke
    .command('user <user>')
    .description('Everything issued to a user until now; all sessions end too')
    .action(async (user: string, _: object, command: Command) => {
      const invocation = invoke(context, command);
      const { id, email } = await findUser(await invocation.connect(), user);
      await send(invocation, `${email} will be logged out everywhere.`, { user: id });
    });
  revoke
    .command('token')
    .description('One token, read from standard input')
    .action(async (_: object, command: Command) => {
      const invocation = invoke(context, command);
      await send(invocation, 'The token will be refused.', { token: (await context.terminal.readInput()).trim() });
    });
  revoke
    .command('all <before>')
    .description('Everything issued before a moment like 2026-01-31T12:00:00Z, or a time ago like 15m')
    .action(async (before: string, _: object, command: Command) => {
      const issuedBefore = momentBefore(context.now)(before);
      const what = `EVERYBODY will be refused whose token was issued before ${rfc3339(issuedBefore)}.`;
      await send(invoke(context, command), what, { issuedBefore });
    });
}

async function send(invocation: Invocation, what: string, body: object): Promise<void> {
  const connection = await invocation.connect();
  await invocation.confirm(what);
  const { status, body: answered } = await connection({ method: 'POST', path: '/v1/revocations', body });
  const answer = read(Revoked, answered);
  invocation.view.item(answer, [['Revoked', answer.revoked]]);
  const done = 'It is refused from now on, at every service that checks revocations.';
  invocation.view.done(revocationOutcome(status, done), 'sekisho audit');
}
