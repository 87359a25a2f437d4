import type { Command } from 'commander';
import { type Client, Client as ClientSchema, ClientSecret, Clients, read } from '../api/answers.ts';
import type { Context } from '../context.ts';
import { type Invocation, invoke } from '../invocation.ts';
import { collect, count } from '../options.ts';
import { grantText, parseGrant } from './grant-text.ts';
import { revocationNote } from './revocation-note.ts';

interface CreateOptions {
  readonly id?: string;
  readonly authMethod: string;
  readonly grantType: string[];
  readonly redirectUri?: string[];
  readonly backchannelLogoutUri?: string;
  readonly grant?: string[];
  readonly firstParty?: boolean;
}

/** `sekisho clients` */
export function clientsCommand(program: Command, context: Context): void {
  const clients = program.command('clients').description('Applications and workloads that use OAuth');
  clients
    .command('list')
    .description('List clients')
    .option('--limit <n>', 'at most so many', count(100), 50)
    .option('--after <id>', 'go on after a page')
    .action((options: { limit: number; after?: string }, command: Command) => list(invoke(context, command), options));
  clients
    .command('get <id>')
    .description('Read one client')
    .action(async (id: string, _: object, command: Command) => {
      const invocation = invoke(context, command);
      const send = await invocation.connect();
      show(invocation, read(ClientSchema, (await send({ method: 'GET', path: clientPath(id) })).body));
    });
  clients
    .command('create <name>')
    .description('Create a client; a secret is shown once')
    .option('--id <id>', 'its client_id; else one is made')
    .option(
      '--auth-method <method>',
      'none, client_secret_basic, client_secret_post or private_key_jwt',
      'client_secret_basic',
    )
    .requiredOption('--grant-type <type>', 'for example client_credentials, may be repeated', collect)
    .option('--redirect-uri <uri>', 'where log-ins may return to, may be repeated', collect)
    .option('--backchannel-logout-uri <uri>', 'where it is told that a session ended, https')
    .option('--grant <service=permission,...>', 'grant a service, may be repeated', collect)
    .option('--first-party', 'is of the same house: nobody is asked for consent')
    .action((name: string, options: CreateOptions, command: Command) =>
      create(invoke(context, command), name, options),
    );
  clients
    .command('add-secret <id>')
    .description('Make another secret, shown once; the present ones stay valid for a day')
    .action((id: string, _: object, command: Command) => addSecret(invoke(context, command), id));
  clients
    .command('delete <id>')
    .description('Delete a client, and refuse what was issued to it')
    .action((id: string, _: object, command: Command) => remove(invoke(context, command), id));
}

async function list(invocation: Invocation, { limit, after }: { limit: number; after?: string }): Promise<void> {
  const send = await invocation.connect();
  const query = { limit: String(limit), after };
  const page = read(Clients, (await send({ method: 'GET', path: '/v1/clients', query })).body);
  invocation.view.list<Client>(page, page.clients, [
    { title: 'id', value: ({ id }) => id },
    { title: 'name', value: ({ name }) => name },
    { title: 'auth method', value: ({ authMethod }) => authMethod },
    { title: 'grant types', value: ({ grantTypes }) => grantTypes.join(',') },
  ]);
  invocation.view.next(
    page.next === undefined ? 'sekisho clients get ID' : `sekisho clients list --after ${page.next}`,
  );
}

async function create(invocation: Invocation, name: string, options: CreateOptions): Promise<void> {
  const { id, authMethod, grantType: grantTypes, redirectUri: redirectUris, grant, firstParty } = options;
  const { backchannelLogoutUri } = options;
  const grants = grant?.map(parseGrant);
  const body = { id, name, authMethod, grantTypes, redirectUris, backchannelLogoutUri, firstParty, grants };
  const send = await invocation.connect();
  const client = read(ClientSchema, (await send({ method: 'POST', path: '/v1/clients', body })).body);
  show(invocation, client);
  invocation.view.next(
    client.secret === undefined ? `sekisho clients get ${client.id}` : 'keep the secret: it is not shown again',
  );
}

async function addSecret(invocation: Invocation, id: string): Promise<void> {
  const send = await invocation.connect();
  const answer = read(ClientSecret, (await send({ method: 'POST', path: `${clientPath(id)}/secrets`, body: {} })).body);
  invocation.view.item(answer, [['Secret', answer.secret]]);
  invocation.view.next('keep the secret: it is not shown again');
}

async function remove(invocation: Invocation, id: string): Promise<void> {
  await invocation.confirm(`The client ${id} will be deleted, which cannot be undone.`);
  const send = await invocation.connect();
  const { status } = await send({ method: 'DELETE', path: clientPath(id) });
  invocation.view.done(`The client is deleted. ${revocationNote(status)}`, 'sekisho clients list');
}

function clientPath(id: string): string {
  return `/v1/clients/${encodeURIComponent(id)}`;
}

function show({ view }: Invocation, client: Client): void {
  view.item(client, [
    ['Id', client.id],
    ['Name', client.name],
    ['Auth method', client.authMethod],
    ['Grant types', client.grantTypes.join(', ')],
    ['Redirect URIs', client.redirectUris.join(', ')],
    ...(client.backchannelLogoutUri === undefined ? [] : [['Told of log-outs', client.backchannelLogoutUri] as const]),
    ['Grants', client.grants.map(grantText).join('; ')],
    ...(client.secret === undefined ? [] : [['Secret', client.secret] as const]),
  ]);
}
