import type { Command } from 'commander';
import { type Key, Keys, read } from '../api/answers.ts';
import type { Context } from '../context.ts';
import { type Invocation, invoke } from '../invocation.ts';
import type { Column } from '../output/table.ts';

interface ListOptions {
  readonly signer?: string;
}

interface RotateOptions extends ListOptions {
  readonly compromised?: string;
}

const SIGNER = ['--signer <name>', 'whose keys: `auth`, or `guard`, which signs narrow tokens'] as const;

/** `sekisho keys` */
export function keysCommand(program: Command, context: Context): void {
  const keys = program.command('keys').description('The keys that sign tokens');
  keys
    .command('list')
    .description('List the keys with their states')
    .option(...SIGNER)
    .action(async ({ signer }: ListOptions, command: Command) => {
      const invocation = invoke(context, command);
      const send = await invocation.connect();
      show(invocation, (await send({ method: 'GET', path: '/v1/keys', query: { signer } })).body);
      invocation.view.next('sekisho keys rotate');
    });
  keys
    .command('rotate')
    .description('Let the next key sign, once everybody holds it')
    .option(...SIGNER)
    .option('--compromised <kid>', 'take this key out of use at once, and revoke what it signed')
    .action((options: RotateOptions, command: Command) => rotate(invoke(context, command), options));
}

async function rotate(invocation: Invocation, { signer, compromised }: RotateOptions): Promise<void> {
  if (compromised !== undefined) {
    await invocation.confirm(
      `Every token that ${compromised} signed will be refused: everybody has to refresh or log in again.`,
    );
  }
  const send = await invocation.connect();
  const body = { ...(signer !== undefined && { signer }), ...(compromised !== undefined && { compromised }) };
  show(invocation, (await send({ method: 'POST', path: '/v1/keys/rotate', body })).body);
  invocation.view.done('The rotation has begun.', 'sekisho keys list, until another key is active');
}

function show({ view }: Invocation, body: unknown): void {
  const answer = read(Keys, body);
  const isRegional = answer.keys.some(({ region }) => region !== undefined);
  view.list(answer, answer.keys, isRegional ? REGIONAL : COLUMNS);
}

const KID: Column<Key> = { title: 'kid', value: ({ kid }) => kid };
const SIGNER_NAME: Column<Key> = { title: 'signer', value: ({ signer }) => signer };
const REGION: Column<Key> = { title: 'region', value: ({ region = '' }) => region };
const ALG: Column<Key> = { title: 'alg', value: ({ alg }) => alg };
const STATE: Column<Key> = { title: 'state', value: ({ state }) => state };
const WAITS_FOR: Column<Key> = { title: 'waits for', value: ({ waitsFor = [] }) => waitsFor.join(', ') };
const CREATED: Column<Key> = { title: 'created', value: ({ createdAt }) => createdAt };

const COLUMNS = [KID, SIGNER_NAME, ALG, STATE, CREATED];
/** Where there are several regions. */
const REGIONAL = [KID, SIGNER_NAME, REGION, ALG, STATE, WAITS_FOR, CREATED];
