import { Command, CommanderError, Option } from 'commander';
import { auditCommand } from './commands/audit.ts';
import { checkCommand } from './commands/check.ts';
import { clientsCommand } from './commands/clients.ts';
import { explainCommand } from './commands/explain.ts';
import { grantsCommand } from './commands/grants.ts';
import { keysCommand } from './commands/keys.ts';
import { loginCommands } from './commands/login.ts';
import { regionsCommand } from './commands/regions.ts';
import { renderCommand } from './commands/render.ts';
import { revokeCommand } from './commands/revoke.ts';
import { sessionsCommand } from './commands/sessions.ts';
import { usersCommand } from './commands/users.ts';
import type { Context, Terminal } from './context.ts';
import { CliError, EXIT } from './errors.ts';
import { safe } from './output/safe.ts';
import { OUTPUTS } from './output/view.ts';

const AFTER_HELP = `
Environment:
  SEKISHO_SERVER         the address of the administration, as --server
  SEKISHO_PUBLIC_SERVER  the address where users log in, for \`sekisho login\`
  SEKISHO_TOKEN_FILE     a file with a token, as --token-file
  KUBECONFIG             the cluster, for \`sekisho explain\` and \`sekisho check\`

Exit codes:
  0    it is done
  1    it was refused, or failed
  2    the command was wrong, or --yes is missing where nobody can be asked
  3    \`sekisho explain\`: the request is denied; \`sekisho check\`: something is missing
  130  interrupted

Examples:
  kubectl -n sekisho-system port-forward service/auth 8081 &
  export SEKISHO_SERVER=http://localhost:8081 SEKISHO_PUBLIC_SERVER=https://auth.example.org
  sekisho login
  sekisho users create alice@example.org --role member --grant bucket=bucket:read
  sekisho grants set alice@example.org bucket --permission bucket:read --expires 30d
  sekisho users deactivate alice@example.org
  sekisho audit --user alice@example.org --output json | jq '.items[0].changes'
  sekisho check --kubeconfig ~/.kube/config
  sekisho render --policies policies/ --jwks platform=https://auth.example.org/.well-known/jwks.json > istio.yaml
  sekisho explain --policies policies/ --host bucket.shop --path /api/bucket-items --token token.jwt --caller shop/front
`;

/**
 * Runs one command.
 * @param args without the program's own name
 * @returns the exit code
 */
export async function run(args: readonly string[], context: Context): Promise<number> {
  const { terminal } = context;
  try {
    await createProgram(context).parseAsync([...args], { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    // commander has told it already; help and version end this way too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return tell(terminal, error);
  }
}

export function createProgram(context: Context): Command {
  const { terminal } = context;
  const program = new Command('sekisho')
    .description(
      'Users, grants, sessions, revocations, keys, regions and clients of a Sekisho auth service, what policies decide, and what a cluster lacks.\nAlso as `kubectl sekisho`.',
    )
    .option('--server <url>', 'the address of the administration')
    .option('--token-file <file>', 'a file with a token, - for standard input')
    .addOption(new Option('--output <form>', 'how results are shown').choices([...OUTPUTS]).default('table'))
    .option('--yes', 'do not ask before something is lost')
    .option('--allow-http', 'send tokens over http where the network itself encrypts')
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .showHelpAfterError('(--help tells more)')
    .addHelpText('after', AFTER_HELP);
  loginCommands(program, context);
  usersCommand(program, context);
  grantsCommand(program, context);
  sessionsCommand(program, context);
  revokeCommand(program, context);
  keysCommand(program, context);
  regionsCommand(program, context);
  clientsCommand(program, context);
  auditCommand(program, context);
  explainCommand(program, context);
  renderCommand(program, context);
  checkCommand(program, context);
  return program;
}

function tell(terminal: Terminal, error: unknown): number {
  if (!(error instanceof CliError)) throw error;
  // It is a result, which was shown.
  if (error.exitCode === EXIT.negative) return error.exitCode;
  terminal.err(`Error: ${safe(error.message)}\n`);
  for (const detail of error.details) terminal.err(`  ${safe(detail)}\n`);
  if (error.wayOut !== undefined) terminal.err(`${error.wayOut}\n`);
  return error.exitCode;
}
