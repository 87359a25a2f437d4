import { join } from 'node:path';
import { freePort } from '@sekisho/telemetry/testing';
import type { BareStores } from '@sekisho/test-e2e/mesh';
import type { HttpAnswer } from '../http.ts';
import { ServerProcess } from '../server-process.ts';

const KINDS = ['fastify', 'http'] as const;
export type BareServers = Readonly<Record<(typeof KINDS)[number], ServerProcess>>;

/** Those of a connection are each server's own. */
const OWN: readonly string[] = ['date', 'connection', 'keep-alive'];

/** Servers that answer whatever they are asked with the headers of this answer. */
export async function startBareServers(
  { folder, mark }: BareStores,
  answer: HttpAnswer['headers'],
  opened: AsyncDisposableStack,
): Promise<BareServers> {
  const headers = Object.fromEntries(Object.entries(answer).filter(([name]) => !OWN.includes(name)));
  const start = async (kind: (typeof KINDS)[number]) => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const server = await ServerProcess.start({
      main: join(import.meta.dirname, `bare-${kind}.ts`),
      env: { ...mark, NODE_ENV: 'production', PORT: String(port), HEADERS: JSON.stringify(headers) },
      ...{ url, readyUrl: `${url}/readyz`, log: join(folder, `logs/bare-${kind}.log`) },
    });
    opened.defer(() => server.stop());
    return server;
  };
  return { fastify: await start('fastify'), http: await start('http') };
}
