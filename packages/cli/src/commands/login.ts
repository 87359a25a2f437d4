import type { Command } from 'commander';
import { LoggedIn, read } from '../api/answers.ts';
import { createSend } from '../api/send.ts';
import { toStored } from '../auth/token.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { type Invocation, invoke } from '../invocation.ts';
import { rfc3339 } from '../options.ts';
import { knownPassword, type PasswordOptions } from '../passwords.ts';
import { parseServer } from '../server-address.ts';

interface LoginOptions extends PasswordOptions {
  readonly email?: string;
  readonly publicServer?: string;
}

/** `sekisho login`, `sekisho logout` */
export function loginCommands(program: Command, context: Context): void {
  program
    .command('login')
    .description('Log in as an administrator; the tokens are kept in a file that only you can read')
    .option('--email <email>', 'else it is asked for')
    .option('--public-server <url>', 'where users log in, or SEKISHO_PUBLIC_SERVER')
    .option('--password-stdin', 'read the password from standard input')
    .action((options: LoginOptions, command: Command) => logIn(invoke(context, command), options));
  program
    .command('logout')
    .description('End the session of the last log-in, and forget its tokens')
    .action((_: object, command: Command) => logOut(invoke(context, command)));
}

async function logIn(invocation: Invocation, options: LoginOptions): Promise<void> {
  const { terminal, context } = invocation;
  const server = invocation.server();
  const publicServer = publicServerOf(invocation, options);
  if (options.email === undefined && !terminal.isInteractive)
    throw new CliError('usage', 'name --email: nobody can be asked');
  const email = options.email ?? (await terminal.ask('E-mail address: ')).trim();
  const password = await knownPassword(invocation, options);
  const send = createSend({ server: publicServer, fetch: context.fetch });
  const body = { email, password, services: ['auth'], device: { platform: 'sekisho command' } };
  const answer = read(LoggedIn, (await send({ method: 'POST', path: '/v1/sessions', body })).body);
  const token = toStored(answer, publicServer.href, context.now());
  await invocation.tokenStore().save(server.href, token);
  invocation.view.done(
    `Logged in at ${server.origin}, until ${rfc3339(token.expiresAt)} at first.`,
    'sekisho users list',
  );
}

async function logOut(invocation: Invocation): Promise<void> {
  const { href, origin } = invocation.server();
  const store = invocation.tokenStore();
  const stored = await store.find(href);
  if (stored === undefined) throw new CliError('token_missing', `there is no log-in for ${origin}`);
  const send = createSend({
    server: new URL(stored.publicServer),
    token: stored.accessToken,
    fetch: invocation.context.fetch,
  });
  try {
    await send({ method: 'DELETE', path: '/v1/sessions/current' });
  } finally {
    // Also when the session was over, or cannot be ended now: whoever logs out wants the tokens gone from here.
    await store.forget(href);
  }
  invocation.view.done('Logged out.', 'sekisho login');
}

function publicServerOf({ context, options }: Invocation, { publicServer }: LoginOptions): URL {
  const allowHttp = options.allowHttp ?? false;
  if (publicServer !== undefined) return parseServer(publicServer, { source: '--public-server', allowHttp });
  const fromEnvironment = context.environment['SEKISHO_PUBLIC_SERVER'];
  if (fromEnvironment) return parseServer(fromEnvironment, { source: 'SEKISHO_PUBLIC_SERVER', allowHttp });
  throw new CliError('server_missing', 'the address where users log in is not named', {
    wayOut: 'Name it: --public-server https://auth.example.org, or SEKISHO_PUBLIC_SERVER.',
  });
}
