import { startBareCluster, startBareStores } from '@sekisho/test-e2e/mesh';
import { type HttpAnswer, HttpClient } from '../http.ts';
import type { Call } from '../load.ts';
import { patiently } from '../patiently.ts';
import type { ServerProcess } from '../server-process.ts';
import { type BareServers, startBareServers } from './bare-servers.ts';
import { CheckClient } from './check-client.ts';
import { hostOf, objects, SERVICES } from './cluster.ts';
import { type GuardSurroundings, startGuard, writeSecrets } from './guard-process.ts';
import { startKeyServer } from './key-server.ts';
import { logIn } from './people.ts';
import { questionBytes } from './question.ts';

/** Whose tokens and sessions the guard knows while warm answers are measured. */
const KNOWN = 1_000;
const HOST = hostOf(SERVICES[0] ?? '');

/** A guard on real stores and a real API server, and the least that its answers could cost. */
export interface GuardWorld extends GuardSurroundings {
  readonly guard: ServerProcess;
  readonly bare: BareServers;
  /** Questions at the edge, of people in turn who were there before. */
  readonly warm: (server: ServerProcess) => Call;
  /** The same, of traces that each begin with this. */
  readonly traced: (server: ServerProcess, traceparents: readonly string[]) => Call;
  /** The same at a hop, with the tokens that they were given at the edge. */
  readonly hop: Call;
  /** People who log in now. */
  people(count: number): Promise<readonly string[]>;
}

/** @param nodeArgs of the guard's process */
export async function startWorld(
  opened: AsyncDisposableStack,
  report: (line: string) => void,
  nodeArgs: readonly string[] = [],
): Promise<GuardWorld> {
  const stores = await startBareStores(report);
  opened.defer(stores.stop);
  const cluster = await startBareCluster(report);
  opened.defer(cluster.stop);
  const keys = await startKeyServer();
  opened.defer(keys.stop);
  await cluster.cluster.apply(objects(keys.accessKey));
  const around = { stores, cluster, keys, ...(await writeSecrets(stores, keys)) };
  const guard = await startGuard(around, { nodeArgs });
  opened.defer(() => guard.stop());
  const people = (count: number) => logIn(stores.redisUrl, keys.accessKey, count);
  const tokens = await people(KNOWN);
  const answers = await exchange(guard, tokens);
  const [answer] = answers;
  if (answer === undefined) throw new Error('nobody is logged in');
  return {
    ...{ ...around, guard, people, bare: await startBareServers(stores, answer.headers, opened) },
    warm: (server) => asking(server, edgeQuestions(tokens), opened),
    traced: (server, traceparents) => asking(server, edgeQuestions(tokens, traceparents), opened),
    hop: asking(guard, answers.map(hopQuestion), opened),
  };
}

/** @returns a call that asks these in turn, each until it is allowed */
export function asking(
  server: Pick<ServerProcess, 'url'>,
  questions: readonly Buffer[],
  opened: AsyncDisposableStack,
): Call {
  const client = new CheckClient(server.url);
  opened.defer(() => client.close());
  let next = 0;
  return () => {
    const question = questions[next % questions.length];
    if (question === undefined) throw new Error('there is nothing to ask');
    next += 1;
    return patiently(() => client.ask(question));
  };
}

/** @param traceparents taken in turn. @default the questions belong to no trace */
export function edgeQuestions(tokens: readonly string[], traceparents: readonly string[] = []): readonly Buffer[] {
  return tokens.map((token, index) => {
    const traceparent = traceparents[index % traceparents.length];
    return questionBytes({ place: 'edge', host: HOST, token, ...(traceparent !== undefined && { traceparent }) });
  });
}

function hopQuestion({ headers }: HttpAnswer): Buffer {
  const token = String(headers['authorization']).replace('Bearer ', '');
  return questionBytes({ place: 'hop', host: HOST, token });
}

/** Rejects unless the guard exchanges the tokens. */
async function exchange({ url }: ServerProcess, tokens: readonly string[]): Promise<readonly HttpAnswer[]> {
  const http = new HttpClient(url);
  const common = { host: HOST, 'x-forwarded-proto': 'http' };
  const ask = (token: string) =>
    http.send({ method: 'GET', path: '/edge/api/items', headers: { ...common, authorization: `Bearer ${token}` } });
  const answers = await Promise.all(tokens.map((token) => patiently(() => ask(token))));
  await http.close();
  return answers;
}
