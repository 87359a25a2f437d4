import type { Command } from 'commander';
import { AuditEntries, type AuditEntry, read } from '../api/answers.ts';
import { findUser } from '../api/users.ts';
import type { Context } from '../context.ts';
import { type Invocation, invoke } from '../invocation.ts';
import { count, momentBefore, rfc3339 } from '../options.ts';

interface AuditOptions {
  readonly target?: string;
  readonly user?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly since?: number;
  readonly until?: number;
  readonly limit: number;
  readonly cursor?: string;
}

/** `sekisho audit` */
export function auditCommand(program: Command, context: Context): void {
  program
    .command('audit')
    .description('Who changed what, the newest first')
    .option('--user <user>', 'changes of this user')
    .option('--target <target>', 'changes of this, for example user:ID')
    .option('--actor <sub>', 'what this user did')
    .option('--action <action>', 'for example user.deleted, grants.changed, password.reset')
    .option(
      '--since <when>',
      'from a moment like 2026-01-31T12:00:00Z, or a time ago like 7d',
      momentBefore(context.now),
    )
    .option('--until <when>', 'until then', momentBefore(context.now))
    .option('--limit <n>', 'at most so many', count(200), 50)
    .option('--cursor <cursor>', 'go on after a page')
    .action((options: AuditOptions, command: Command) => list(invoke(context, command), options));
}

async function list(invocation: Invocation, options: AuditOptions): Promise<void> {
  const { limit, since, until, user, target, ...filters } = options;
  const send = await invocation.connect();
  const query = {
    ...filters,
    target: user === undefined ? target : `user:${(await findUser(send, user)).id}`,
    limit: String(limit),
    ...(since !== undefined && { since: rfc3339(since) }),
    ...(until !== undefined && { until: rfc3339(until) }),
  };
  const page = read(AuditEntries, (await send({ method: 'GET', path: '/v1/audit', query })).body);
  invocation.view.list(page, page.items, [
    { title: 'at', value: ({ at }) => at },
    { title: 'actor', value: ({ actor }) => actor.subject },
    { title: 'action', value: ({ action }) => action },
    { title: 'target', value: (entry) => entry.target },
    { title: 'changed', value: changedText },
  ]);
  const whole = 'sekisho audit --output json, for old and new values';
  invocation.view.next(page.next === undefined ? whole : `sekisho audit --cursor ${page.next}`);
}

function changedText({ changes }: AuditEntry): string {
  return Object.keys(changes).join(',');
}
