import { CliError } from './errors.ts';
import type { Invocation } from './invocation.ts';

export interface PasswordOptions {
  readonly passwordStdin?: boolean;
}

/**
 * A new password: typed twice and not shown, or of standard input. Never an argument, which others could see.
 * @throws CliError `usage`
 */
export async function newPassword(invocation: Invocation, { passwordStdin = false }: PasswordOptions): Promise<string> {
  const { terminal } = invocation;
  if (passwordStdin) return passwordFromInput(invocation);
  if (!terminal.isInteractive) throw nobodyToAsk();
  const password = await terminal.askSecret('New password: ');
  if (password === (await terminal.askSecret('The same again: '))) return password;
  throw new CliError('usage', 'the two passwords differ', { wayOut: 'Run the command again.' });
}

/** The password of an account that there is. */
export async function knownPassword(
  invocation: Invocation,
  { passwordStdin = false }: PasswordOptions,
): Promise<string> {
  if (passwordStdin) return passwordFromInput(invocation);
  if (!invocation.terminal.isInteractive) throw nobodyToAsk();
  return invocation.terminal.askSecret('Password: ');
}

async function passwordFromInput({ terminal, options, context }: Invocation): Promise<string> {
  const tokenFile = options.tokenFile ?? context.environment['SEKISHO_TOKEN_FILE'];
  if (tokenFile === '-') {
    throw new CliError('usage', 'standard input cannot hold both the token and the password', {
      wayOut: 'Put the token into a file and name it with --token-file.',
    });
  }
  return (await terminal.readInput()).replace(/\r?\n$/, '');
}

function nobodyToAsk(): CliError {
  return new CliError('usage', 'nobody can be asked for the password', {
    wayOut: 'Add --password-stdin and pipe it in.',
  });
}
