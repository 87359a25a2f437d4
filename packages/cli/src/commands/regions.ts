import type { Command } from 'commander';
import { Regions, read } from '../api/answers.ts';
import type { Context } from '../context.ts';
import { type Invocation, invoke } from '../invocation.ts';

/** `sekisho regions` */
export function regionsCommand(program: Command, context: Context): void {
  const regions = program.command('regions').description('The regions, and giving one up that is lost');
  regions
    .command('list', { isDefault: true })
    .description('List the regions, and how far the one that answers is behind each')
    .action((_: object, command: Command) => list(invoke(context, command)));
  regions
    .command('lose <name>')
    .description('Give a region up: nobody waits any more for what it revoked, nor for it to hold new keys')
    .action(async (name: string, _: object, command: Command) => {
      const invocation = invoke(context, command);
      await invocation.confirm(`What ${name} revoked and could not tell will not be known until it is back.`);
      await mark(invocation, name, 'lost');
    });
  regions
    .command('return <name>')
    .description('Take a region back that works again: the others wait for it')
    .action((name: string, _: object, command: Command) => mark(invoke(context, command), name, 'present'));
}

async function list(invocation: Invocation): Promise<void> {
  const send = await invocation.connect();
  show(invocation, (await send({ method: 'GET', path: '/v1/regions' })).body);
  invocation.view.next('sekisho regions lose NAME, for one that is gone');
}

async function mark(invocation: Invocation, name: string, state: 'present' | 'lost'): Promise<void> {
  const send = await invocation.connect();
  const path = `/v1/regions/${encodeURIComponent(name)}`;
  show(invocation, (await send({ method: 'PUT', path, body: { state } })).body);
  const done = state === 'lost' ? `Nobody waits for ${name} any more.` : `The others wait for ${name} again.`;
  invocation.view.done(done, state === 'lost' ? `sekisho regions return ${name}, when it is back` : 'sekisho regions');
}

function show({ view }: Invocation, body: unknown): void {
  const answer = read(Regions, body);
  view.list(answer, answer.regions, [
    { title: 'region', value: ({ name }) => (name === answer.region ? `${name} (this one)` : name) },
    { title: 'state', value: ({ state = '' }) => state },
    { title: 'behind', value: ({ behindSeconds }) => behind(behindSeconds) },
  ]);
}

function behind(seconds: number | undefined): string {
  return seconds === undefined ? 'never heard' : `${seconds.toFixed(1)} s`;
}
