import { tracingChannel } from 'node:diagnostics_channel';
import type { OpenSpan, Tracing } from './tracing.ts';
import { errorType } from './wrap.ts';

/** What ioredis publishes of a command (its channel `ioredis:command`), as far as it may be told: keys hold ids of users. */
interface Command {
  readonly command: string;
  readonly error?: unknown;
}

/**
 * A client span for each command to Redis within a recorded trace. By the client's own channel: patching a module is lost in a bundle.
 * @returns ends it
 */
export function traceRedis(tracing: Tracing, channel = 'ioredis:command'): () => void {
  if (!tracing.enabled) return () => undefined;
  const commands = tracingChannel<Command>(channel);
  const open = new WeakMap<object, OpenSpan>();
  const begin = (message: unknown) => {
    const name = commandOf(message)?.command.toUpperCase();
    const span = name && tracing.child({ name, kind: 'client', attributes: attributesOf(name) });
    if (span) open.set(message as object, span);
  };
  const end = (message: unknown) => {
    const command = commandOf(message);
    if (command === undefined) return;
    open.get(command)?.end(command.error === undefined ? {} : { errorType: errorType(command.error) });
  };
  commands.start.subscribe(begin);
  commands.asyncEnd.subscribe(end);
  return () => {
    commands.start.unsubscribe(begin);
    commands.asyncEnd.unsubscribe(end);
  };
}

function attributesOf(operation: string) {
  return { 'db.system.name': 'redis', 'db.operation.name': operation };
}

function commandOf(message: unknown): Command | undefined {
  const isCommand = typeof message === 'object' && message !== null && 'command' in message;
  return isCommand && typeof message.command === 'string' ? (message as Command) : undefined;
}
