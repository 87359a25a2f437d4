import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CertificateFiles, issueCertificate } from './certificate.ts';
import { startWebhookServer, type WebhookServer } from './server.ts';

const host = '127.0.0.1';
const errors: unknown[] = [];
let files: CertificateFiles;
let server: WebhookServer;

const issue = () => issueCertificate({ host, now: Date.now(), lifetimeMs: 3600_000 });

beforeAll(async () => {
  files = await issue();
  server = await startWebhookServer({
    listen: { host, port: 0 },
    path: '/validate',
    answer(body) {
      if (body === 'fail') throw new Error('told to fail');
      return { status: 200, body: { echo: body } };
    },
    onError: (error) => errors.push(error),
    maxBytes: 100,
    maxBytesTogether: 150,
  });
  server.use(files);
});
afterAll(() => server.close());

interface Sent {
  readonly path?: string;
  readonly method?: string;
  readonly type?: string;
  readonly body?: string;
  readonly agent?: Agent;
}

async function send({ path = '/validate', method = 'POST', type = 'application/json', body, agent }: Sent) {
  const options = { host, port: server.address.port, path, method, ca: files.authority, agent: agent ?? false };
  const call = request({ ...options, headers: { 'content-type': type } });
  call.end(body);
  const [response] = await once(call, 'response');
  return { status: response.statusCode, body: await text(response), headers: response.headers };
}

describe('the webhook server', () => {
  test('answers a POST of JSON over verified TLS', async () => {
    expect(await send({ body: '{}', type: 'application/json; charset=utf-8' })).toMatchObject({
      status: 200,
      body: '{"echo":"{}"}',
    });
  });

  test.each([
    ['another path', { path: '/other' }, 404],
    ['another method', { method: 'GET' }, 405],
    ['another type', { type: 'text/plain' }, 415],
    ['a body above the bound', { body: 'x'.repeat(101) }, 413],
  ])('answers %s with a constant', async (_, sent, status) => {
    const answer = await send(sent);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toEqual({ error: expect.any(String) });
    expect(answer.headers.connection).toBe('close');
  });

  test('answers 503 when bodies together need more room than there is, and gives the room back', async () => {
    const options = { host, port: server.address.port, path: '/validate', method: 'POST', ca: files.authority };
    const slow = request({ ...options, agent: false, headers: { 'content-type': 'application/json' } });
    slow.write('x'.repeat(80));
    await expect.poll(async () => (await send({ body: 'y'.repeat(80) })).status, { timeout: 60_000 }).toBe(503);
    slow.end();
    const [response] = await once(slow, 'response');
    expect([response.statusCode, (await text(response)).length]).toEqual([200, 91]);
    expect((await send({ body: 'y'.repeat(80) })).status).toBe(200);
  });

  test('answers 500 when the review fails, tells the operator and not the client', async () => {
    const answer = await send({ body: 'fail' });
    expect(answer).toMatchObject({ status: 500, body: '{"error":"the review failed"}' });
    expect(errors).toEqual([expect.objectContaining({ message: 'told to fail' })]);
  });

  test('speaks no TLS below 1.2', async () => {
    const { port } = server.address;
    const old = connect({ host, port, ca: files.authority, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' });
    const [error] = await once(old, 'error');
    expect(error).toBeInstanceOf(Error);
  });

  test('takes a new certificate without closing a connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const before = await send({ body: '1', agent });
    const old = files;
    files = await issue();
    server.use(files);
    expect(await send({ body: '2', agent })).toMatchObject({ status: before.status });
    expect((await send({ body: '3' })).status).toBe(200);
    files = old;
    await expect(send({ body: '4' })).rejects.toThrow();
    agent.destroy();
  });
});

test('closes although a client holds a connection that it never used', async () => {
  const other = await startWebhookServer({
    listen: { host, port: 0 },
    path: '/validate',
    answer: () => ({ status: 200, body: {} }),
    onError: (error) => errors.push(error),
  });
  other.use(files);
  const socket = connect({ host, port: other.address.port, ca: files.authority });
  await once(socket, 'secureConnect');
  await other.close();
  socket.destroy();
});
