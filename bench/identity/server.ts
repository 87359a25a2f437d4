import type { Server } from 'node:http';
import { createTokenVerifier } from '@sekisho/identity/verify';
import { APPLICATIONS, SERVICE } from './applications.ts';
import type { ServerOrder } from './server-order.ts';

/** One framework in one process, three times: without identity, with it, and with the second verification of the token. */
const { framework, ports, issuers }: ServerOrder = JSON.parse(process.argv[2] ?? '');
const application = APPLICATIONS[framework];
const listen = (server: Server, port: number) =>
  new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));

// Ends with who started it, however that ended.
process.on('disconnect', () => process.exit());
const verify = createTokenVerifier({ issuers });
await listen(await application({ service: SERVICE }), ports.identity);
await listen(await application({ service: SERVICE, verify }), ports.verified);
await listen(await application(), ports.bare);
