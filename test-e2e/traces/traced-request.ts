import { randomUUID } from 'node:crypto';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { waitFor } from '../mesh/wait.ts';
import { Accounts, logIn, type Person } from '../story/accounts.ts';
import { call } from '../story/http.ts';
import type { Collector } from './collector.ts';
import type { ReceivedSpan } from './otlp.ts';
import { pathTo, type TraceNode, traceTree } from './trace-tree.ts';

/** Everything that a new item of the shop leads to: without these its trace is not whole. */
const STEPS = [
  'POST /edge/*',
  'jwt.verify',
  'session.get',
  'policy.decide',
  'token.mint',
  'POST /api/bucket-items',
  'POST /oauth/token',
  'GET /api/users/profile',
] as const;

/** On the way to the last service: those of the gateway (for its client, towards bucket), of bucket (in, out) and of user. */
const SPANS_OF_PROXIES = 5;
const PROXY = /^(istio-proxy\.istio-edge|bucket\.shop|user\.shop): /;

const GRANTS = [
  { service: 'bucket', permissions: ['bucket:read', 'bucket:write'] },
  { service: 'notification', permissions: ['notification:write'] },
  { service: 'user', permissions: ['user:read'] },
];

export const tracedPerson = (mesh: MeshInfo): Promise<Person> =>
  new Accounts(mesh).create({ name: 'tess', roles: ['member'], grants: GRANTS });

/** Of one request: a trace comes by and by, each proxy delivers its spans every five seconds. */
const TRACE_MS = 30_000;
/** Until every proxy has heard that it is to trace. */
const ALL_MS = 180_000;

/**
 * Adds an item through the guarded gateway, as somebody who has just logged in, so that every token on the way is made for the first time.
 * Asks again until the trace of one request is whole.
 */
export function tracedRequest(mesh: MeshInfo, collector: Collector, person: Person): Promise<TraceNode> {
  const attempt = async () => {
    // By this its spans are known: a proxy takes no request id from outside.
    const agent = `trace/${randomUUID()}`;
    const token = await logIn(mesh, person);
    const request = { method: 'POST', body: { title: 'see the aurora' }, token, headers: { 'user-agent': agent } };
    const { status } = await call(`${mesh.edge}/api/bucket-items`, request);
    if (status !== 201) throw new Error(`the request was answered ${status}`);
    return waitFor('its trace is whole', async () => wholeTrace(collector, agent), { timeout: TRACE_MS, every: 500 });
  };
  return waitFor('a request is traced from the gateway to the last service', attempt, { timeout: ALL_MS });
}

function wholeTrace(collector: Collector, agent: string): TraceNode | undefined {
  const root = collector.spans().find(({ attributes }) => attributes['user_agent'] === agent);
  const spans = root === undefined ? [] : collector.trace(root.traceId);
  const names = new Set(spans.map(({ name }: ReceivedSpan) => name));
  if (!STEPS.every((step) => names.has(step))) return undefined;
  const tree = traceTree(spans);
  // A proxy that has not heard yet that it is to trace passes on what it got, and leaves no gap.
  const way = pathTo(tree, ({ name }) => name === 'GET /api/users/profile');
  return way.filter((label) => PROXY.test(label)).length >= SPANS_OF_PROXIES ? tree : undefined;
}
