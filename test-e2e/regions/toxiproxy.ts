import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerContext } from '../mesh/control-plane.ts';
import type { ProcessSpec } from '../mesh/managed-process.ts';
import { answersOk } from '../mesh/wait.ts';
import { LINES, type Line, type Shared } from './lines.ts';

const HOST = '127.0.0.1';

export interface Toxiproxy {
  readonly spec: ProcessSpec;
  /** Base URL of its API. */
  readonly api: string;
  /** HOST:PORT of the near end of each line. */
  readonly near: Readonly<Record<Line, string>>;
}

/** One proxy for each line, without a delay yet. @param far HOST:PORT of what lines lead to */
export async function toxiproxy(
  program: string,
  far: Readonly<Record<Shared, string>>,
  context: ServerContext,
): Promise<Toxiproxy> {
  const claim = async (): Promise<string> => `${HOST}:${await context.addresses.port(HOST, 27_100)}`;
  const listen = await claim();
  const near = new Map<Line, string>();
  for (const line of LINES) near.set(line, await claim());
  const proxies = [...near].map(([name, address]) => ({
    ...{ name, listen: address, enabled: true },
    upstream: name.endsWith('global') ? far.global : far.database,
  }));
  const config = join(context.folder, 'lines.json');
  await writeFile(config, JSON.stringify(proxies));
  const api = `http://${listen}`;
  const args = ['-host', HOST, '-port', new URL(api).port, '-config', config];
  const ready = (): Promise<boolean> => answersOk(`${api}/proxies`);
  return {
    spec: { name: 'toxiproxy', command: program, args, log: join(context.logs, 'toxiproxy.log'), ready },
    api,
    near: Object.fromEntries(near) as Record<Line, string>,
  };
}
