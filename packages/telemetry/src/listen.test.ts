import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';

/** More than Node's own 511. */
const CONNECTIONS = 700;
const SERVER = `
  import { createServer } from 'node:http';
  import { listen } from ${JSON.stringify(new URL('listen.ts', import.meta.url).href)};
  const { port } = await listen(createServer(), { host: '127.0.0.1', port: 0 });
  process.send(port);
`;

/** What the kernel lets anybody ask for. */
function mostThatWait(): number {
  try {
    return Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
  } catch {
    return 0;
  }
}

test.skipIf(mostThatWait() < CONNECTIONS)(
  'while a process stands still hundreds of connections wait for it',
  {
    timeout: 300_000,
  },
  async () => {
    const server = spawn(process.execPath, ['--input-type=module', '--eval', SERVER], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    onTestFinished(() => void server.kill('SIGKILL'));
    const [port] = await once(server, 'message');
    server.kill('SIGSTOP');
    const sockets = Array.from({ length: CONNECTIONS }, () => connect({ host: '127.0.0.1', port: Number(port) }));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    const connected = await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    expect(connected).toHaveLength(CONNECTIONS);
  },
);
