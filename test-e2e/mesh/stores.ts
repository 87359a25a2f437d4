import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { ServerContext } from './control-plane.ts';
import type { ProcessSpec } from './managed-process.ts';

export interface Store {
  readonly spec: ProcessSpec;
  readonly url: string;
}

interface ValkeyOptions {
  /** @default 'valkey' */
  readonly name?: string;
  /** `always` for who holds a store to each word: else one that is killed beside a busy disk may lack the last second. @default 'everysec' */
  readonly appendfsync?: 'everysec' | 'always';
}

/** Valkey (Redis) with an append-only file, so that a killed one comes back with what it had. */
export async function valkey(
  program: string,
  context: ServerContext,
  { name = 'valkey', appendfsync = 'everysec' }: ValkeyOptions = {},
): Promise<Store> {
  const folder = join(context.folder, name);
  await mkdir(folder, { recursive: true });
  const host = '127.0.0.1';
  const port = await context.addresses.port(host, 26379);
  const args = [
    '--bind',
    host,
    '--port',
    String(port),
    '--dir',
    folder,
    '--appendonly',
    'yes',
    '--appendfsync',
    appendfsync,
    '--save',
    '',
    '--maxmemory',
    '256mb',
    // As docs/sessions-and-revocation.md asks for: a session takes a third less.
    '--hash-max-listpack-value',
    '512',
    // Valkey writes its title over the environment, and with it over the mark by which leftovers are found.
    '--set-proc-title',
    'no',
  ];
  const spec: ProcessSpec = {
    name,
    command: program,
    args,
    log: join(context.logs, `${name}.log`),
    ready: () => pongs(host, port),
  };
  return { spec, url: `redis://${host}:${port}` };
}

/** Whether a Redis answers PING with PONG. */
function pongs(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 1_000 }, () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString().startsWith('+PONG'));
    });
    socket.once('timeout', () => socket.destroy(new Error('timeout')));
    socket.once('error', reject);
  });
}
