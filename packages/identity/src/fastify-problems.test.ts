import Fastify, { type FastifyInstance } from 'fastify';
import { beforeEach, expect, test } from 'vitest';
import { tokenCaller } from './caller.ts';
import { answerFrameworkError, identity, problems } from './fastify.ts';

const fault = (properties: object) => Object.assign(new Error('what happened'), properties);

let app: FastifyInstance;
let logged: string;

beforeEach(async () => {
  logged = '';
  const write = (line: string) => {
    logged += line;
  };
  app = Fastify({
    logger: { level: 'error', stream: { write } },
    bodyLimit: 100,
    frameworkErrors: answerFrameworkError,
  });
  await app.register(problems);
  await app.register(identity, { service: 'notes' });
  app.get('/mine', ({ caller }) => tokenCaller(caller).id);
  const body = { type: 'object', properties: { n: { type: 'integer' } } };
  app.post('/', { schema: { body } }, () => 'posted');
});

const throwing = async (error: unknown) => {
  app.get('/throws', () => {
    throw error;
  });
  return app.inject('/throws');
};

test('an error with a status and a code of the application is told as it is', async () => {
  const response = await throwing(fault({ statusCode: 409, code: 'notes_full' }));
  expect(response.headers['content-type']).toContain('application/problem+json');
  expect(response.json()).toEqual({
    type: 'about:blank',
    title: 'Conflict',
    status: 409,
    code: 'notes_full',
    detail: 'what happened',
  });
  expect(logged).toBe('');
});

test('an error that the client cannot help is logged with its cause too', async () => {
  const error = fault({ statusCode: 503, code: 'store_unavailable', cause: new Error('no route to host') });
  const response = await throwing(error);
  expect(response.json()).toMatchObject({ status: 503, code: 'store_unavailable', detail: 'what happened' });
  expect(response.body).not.toContain('no route to host');
  expect(logged).toContain('no route to host');
});

test.each([
  ['is no URL', '/notes/%zz', 400],
  ['has a part that is too long', `/notes/${'x'.repeat(101)}`, 414],
])('a path that %s is a problem, too, and is not repeated', async (_, url, status) => {
  app.get('/notes/:id', () => 'found');
  const response = await app.inject(url);
  expect(response.headers['content-type']).toContain('application/problem+json');
  expect(response.json()).toMatchObject({ status, code: 'request_invalid', detail: 'The path is not well formed.' });
  expect(response.statusCode).toBe(status);
});

test('a 401 of the application has a challenge without an error code', async () => {
  const response = await throwing(fault({ statusCode: 401, code: 'step_up_needed' }));
  expect(response.headers['www-authenticate']).toBe('Bearer realm="sekisho"');
});

test.each([
  ['nothing but a message', fault({})],
  ['a code but no status', fault({ code: 'config_invalid' })],
  ['the code of a library', fault({ statusCode: 404, code: 'UND_ERR_RESPONSE_STATUS_CODE' })],
  ['a code that is a number', fault({ statusCode: 404, code: 1 })],
  ['a status that is none', fault({ statusCode: 200, code: 'fine' })],
  ['no shape of an error', { statusCode: 404, code: 'note_unknown', message: 'what happened' }],
])('an error with %s is a defect, logged and not told', async (_, error) => {
  const response = await throwing(error);
  expect(response.json()).toMatchObject({ status: 500, code: 'internal', detail: 'The request could not be served.' });
  expect(response.body).not.toContain('what happened');
  expect(logged).toContain('request failed');
});

test.each([
  ['does not fit its schema', 400, '{"n":"many"}'],
  ['is no JSON', 400, '{'],
  ['is too large', 413, `{"n":${'1'.repeat(100)}}`],
])('a body that %s is the fault of the request', async (_, status, payload) => {
  const headers = { 'content-type': 'application/json' };
  const response = await app.inject({ method: 'POST', url: '/', headers, payload });
  expect(response.json()).toMatchObject({ status, code: 'request_invalid' });
});

test('a handler that asks for a token is answered as the preHandler would', async () => {
  const response = await app.inject('/mine');
  expect(response.headers['www-authenticate']).toBe('Bearer realm="sekisho"');
  expect(response.json()).toMatchObject({ status: 401, code: 'token_missing' });
});

test('an unknown route is a problem', async () => {
  expect((await app.inject('/nowhere')).json()).toMatchObject({ status: 404, code: 'route_unknown' });
});
