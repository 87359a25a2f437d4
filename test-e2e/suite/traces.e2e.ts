import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type MeshInfo, readMesh } from '../mesh/mesh-info.ts';
import { meshPaths } from '../mesh/paths.ts';
import { waitFor } from '../mesh/wait.ts';
import { logIn, type Person } from '../story/accounts.ts';
import { callEdge } from '../story/http.ts';
import type { ReceivedSpan } from '../traces/otlp.ts';
import { pathTo, type TraceNode } from '../traces/trace-tree.ts';
import { type TracedMesh, traceMesh } from '../traces/traced-mesh.ts';
import { tracedPerson, tracedRequest } from '../traces/traced-request.ts';

const LONG = 300_000;
const ITEMS = '/api/bucket-items';

describe.skipIf(readMesh().collector === undefined)('a request that is traced', { timeout: LONG }, () => {
  let mesh: MeshInfo;
  let traced: TracedMesh;
  let tess: Person;
  let trace: TraceNode;

  beforeAll(async () => {
    mesh = readMesh();
    traced = await traceMesh(mesh);
    tess = await tracedPerson(mesh);
    trace = await tracedRequest(mesh, traced.collector, tess);
  }, LONG);
  afterAll(() => traced?.[Symbol.asyncDispose]());

  const spans = (): readonly ReceivedSpan[] => traced.collector.trace(trace.span.traceId);
  const services = (path: readonly string[]) => path.map((label) => label.split(': ')[0]);

  test('is one tree, from the gateway through both services and their proxies', () => {
    const toUser = pathTo(trace, ({ service, name }) => service === 'user' && name === 'GET /api/users/profile');
    expect(services(toUser)).toEqual([
      'istio-proxy.istio-edge', // the gateway, for its client
      'istio-proxy.istio-edge', // towards bucket
      'bucket.shop', // bucket's proxy
      'bucket',
      'bucket', // asking user
      'bucket.shop', // bucket's proxy, on the way out
      'user.shop',
      'user',
    ]);
  });

  test('shows what the guard did below the question of the gateway', () => {
    const steps = ['jwt.verify', 'session.get', 'policy.decide', 'token.mint'];
    for (const step of steps) {
      const path = pathTo(trace, ({ service, name }) => service === 'sekisho-guard' && name === step);
      expect(services(path)).toEqual([
        'istio-proxy.istio-edge',
        'istio-proxy.istio-edge', // asking the guard
        'sekisho-guard',
        'sekisho-guard',
      ]);
    }
  });

  test('shows the exchange at the auth service below the call that needed it', () => {
    const mint = pathTo(trace, ({ service, name }) => service === 'sekisho-auth' && name === 'token.mint');
    expect(mint.slice(-4)).toEqual([
      'bucket: POST /api/bucket-items',
      'bucket: POST',
      'sekisho-auth: POST /oauth/token',
      'sekisho-auth: token.mint',
    ]);
  });

  test('tells nothing of the user, of tokens, and of what stands in paths', async () => {
    const { attributes } = trace.span;
    expect(String(attributes['http.url'])).toMatch(/^http:\/\/[^/]+\/$/);
    const told = JSON.stringify(spans(), (_, value) => (typeof value === 'bigint' ? String(value) : value));
    for (const secret of [tess.id, tess.email, tess.password, 'eyJ', 'Bearer']) expect(told).not.toContain(secret);
  });

  test('leads from a bucket of the latency of decisions to a trace', async () => {
    const headers = { accept: 'application/openmetrics-text; version=1.0.0' };
    const metrics = await (await fetch(`${mesh.guard}/metrics`, { headers })).text();
    expect(metrics).toMatch(/guard_decision_seconds_bucket\{le="[^"]+"\} \d+ # \{trace_id="[\da-f]{32}"\}/);
  });

  test('is not recorded anywhere when whoever began it records it not', async () => {
    const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
    const headers = { traceparent: `00-${traceId}-${spanId}-00` };
    const token = await logIn(mesh, tess);
    expect((await callEdge(mesh.edge + ITEMS, { token, headers })).status).toBe(200);
    // A later one that came whole: what was recorded of the first would have come before.
    await tracedRequest(mesh, traced.collector, tess);
    expect(traced.collector.trace(traceId)).toEqual([]);
  });

  test('that is denied says why, and its line in the access log has the same trace and no query', async () => {
    const code = randomBytes(8).toString('hex');
    const { text } = await callEdge(`${mesh.edge}${ITEMS}?code=${code}`);
    expect(text).toContain('token_missing');
    const denial = await waitFor('the denial is traced', async () => deniedSpan(), { timeout: 60_000 });
    expect(denial.attributes).toMatchObject({ 'sekisho.decision': 'deny', 'http.response.status_code': 401 });
    const log = join(meshPaths().logs, 'proxy-edge-istio.log');
    const line = await waitFor('the access log tells', () => lineOf(log, denial.traceId), { timeout: 60_000 });
    expect(line).toMatchObject({ status: 401, details: 'ext_authz_denied', path: ITEMS, method: 'GET' });
    expect(JSON.stringify(line)).not.toContain(code);
  });

  const deniedSpan = () =>
    traced.collector
      .spans()
      .find(({ name, attributes }) => name === 'GET /edge/*' && attributes['sekisho.code'] === 'token_missing');
});

/** Envoy writes its access log every ten seconds. */
async function lineOf(file: string, traceId: string): Promise<Record<string, unknown> | undefined> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>).find((line) => line['trace_id'] === traceId);
}
