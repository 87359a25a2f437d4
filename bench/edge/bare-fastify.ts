import Fastify from 'fastify';

/** The least that an answer to Envoy can be in fastify: the guard's own bytes, whatever is asked. */
const headers: Record<string, string> = JSON.parse(process.env['HEADERS'] ?? '{}');
const app = Fastify({ keepAliveTimeout: 0 });
app.get('/readyz', async () => 'ok');
app.get('/*', (_request, reply) => {
  reply.headers(headers).send();
});
await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) });
