import { readFile } from 'node:fs/promises';
import { LoggedIn, read } from '../api/answers.ts';
import { createSend } from '../api/send.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import type { StoredToken, TokenStore } from './token-store.ts';

export interface TokenOptions {
  readonly server: URL;
  /** Path of a file with a token, or `-` for standard input. */
  readonly tokenFile?: string;
  readonly store: () => TokenStore;
}

/** A token that ends this soon would end on the way. */
const LEEWAY_SECONDS = 20;

/**
 * The token to send: of a file, of standard input, or of the last log-in, which is refreshed when it is over. Never of the
 * command line or a variable: other users of the machine, and child processes, can see those.
 * @throws CliError `token_missing`, `token_unreadable`, `refused`
 */
export async function findToken(context: Context, { server, tokenFile, store }: TokenOptions): Promise<string> {
  if (tokenFile === '-') return present(await context.terminal.readInput(), 'standard input');
  if (tokenFile !== undefined) return present(await readTokenFile(tokenFile), tokenFile);
  const stored = await store().find(server.href);
  if (stored === undefined) {
    throw new CliError('token_missing', `there is no log-in for ${server.origin}`, {
      wayOut: 'Run `sekisho login`, or name a file with a token: --token-file FILE.',
    });
  }
  const isFresh = stored.expiresAt - LEEWAY_SECONDS > context.now().getTime() / 1000;
  return isFresh ? stored.accessToken : refresh(context, { server, store: store(), stored });
}

async function refresh(
  context: Context,
  { server, store, stored }: { server: URL; store: TokenStore; stored: StoredToken },
): Promise<string> {
  const { refreshToken, publicServer } = stored;
  if (refreshToken === undefined)
    throw new CliError('token_missing', 'the log-in is over', { wayOut: 'Log in again with `sekisho login`.' });
  const send = createSend({ server: new URL(publicServer), fetch: context.fetch });
  const { body } = await send({ method: 'POST', path: '/v1/sessions/refresh', body: { refresh_token: refreshToken } });
  const token = toStored(read(LoggedIn, body), publicServer, context.now());
  await store.save(server.href, token);
  return token.accessToken;
}

export function toStored(answer: LoggedIn, publicServer: string, now: Date): StoredToken {
  const { access_token: accessToken, expires_in: lifetime, refresh_token: refreshToken } = answer;
  const expiresAt = Math.floor(now.getTime() / 1000) + lifetime;
  return { accessToken, expiresAt, publicServer, ...(refreshToken !== undefined && { refreshToken }) };
}

async function readTokenFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CliError('token_unreadable', `cannot read ${path}`, {
      cause,
      wayOut: 'Check --token-file and SEKISHO_TOKEN_FILE.',
    });
  }
}

function present(text: string, where: string): string {
  const token = text.trim();
  // What a header can carry (RFC 6750 section 2.1); the token itself is never repeated.
  if (/^[A-Za-z0-9._~+/-]{1,8192}=*$/.test(token)) return token;
  throw new CliError('token_unreadable', `${where} does not hold a token`, {
    wayOut: 'It must hold the token and nothing else.',
  });
}
