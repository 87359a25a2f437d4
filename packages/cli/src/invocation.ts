import type { Command } from 'commander';
import { createSend, type Send } from './api/send.ts';
import { findToken } from './auth/token.ts';
import { configFolder, createTokenStore, type TokenStore } from './auth/token-store.ts';
import type { Context, Terminal } from './context.ts';
import { CliError } from './errors.ts';
import type { GlobalOptions } from './options.ts';
import { createView, type View } from './output/view.ts';
import { parseServer } from './server-address.ts';

/** One command that runs. */
export interface Invocation {
  readonly context: Context;
  readonly terminal: Terminal;
  readonly view: View;
  readonly options: GlobalOptions;
  /** Address of the administration. @throws CliError `server_missing`, `usage`, `server_unsafe` */
  server(): URL;
  tokenStore(): TokenStore;
  /** The administration's API, with a token. @throws CliError also as `findToken` does */
  connect(): Promise<Send>;
  /** @throws CliError `cancelled`, or `confirmation_missing` where nobody can be asked */
  confirm(what: string): Promise<void>;
}

export function invoke(context: Context, command: Command): Invocation {
  const options = command.optsWithGlobals<GlobalOptions>();
  const { terminal, environment, fetch } = context;
  const tokenStore = () => createTokenStore(configFolder(environment));
  const server = () => serverOf(context, options);
  return {
    context,
    terminal,
    options,
    view: createView(terminal, options.output),
    server,
    tokenStore,
    async connect() {
      const tokenFile = options.tokenFile ?? environment['SEKISHO_TOKEN_FILE'];
      const source = tokenFile !== undefined && tokenFile !== '' && { tokenFile };
      const token = await findToken(context, { server: server(), ...source, store: tokenStore });
      return createSend({ server: server(), token, fetch });
    },
    confirm: (what) => confirm(terminal, what, options.yes === true),
  };
}

function serverOf({ environment }: Context, { server, allowHttp = false }: GlobalOptions): URL {
  if (server !== undefined) return parseServer(server, { source: '--server', allowHttp });
  const fromEnvironment = environment['SEKISHO_SERVER'];
  if (fromEnvironment) return parseServer(fromEnvironment, { source: 'SEKISHO_SERVER', allowHttp });
  throw new CliError('server_missing', 'no server is named', {
    wayOut: 'Name the address of the administration: --server https://..., or SEKISHO_SERVER.',
  });
}

async function confirm(terminal: Terminal, what: string, isYes: boolean): Promise<void> {
  if (isYes) return;
  if (!terminal.isInteractive) {
    throw new CliError('confirmation_missing', `${what} nobody can be asked whether to go on`, {
      wayOut: 'Add --yes to say that it is meant.',
    });
  }
  const answer = await terminal.ask(`${what} Go on? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('cancelled', 'nothing was changed');
}
