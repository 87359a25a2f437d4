import Fastify from 'fastify';

/** The least that a token endpoint in this stack can be: reads the form, and answers JSON of the same size. */
const app = Fastify();
app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
  done(null, new URLSearchParams(String(body))),
);
app.get('/readyz', async () => 'ok');
const token = 'a'.repeat(600);
app.post('/oauth/token', async ({ body }, reply) => {
  if (!(body instanceof URLSearchParams) || !body.has('grant_type')) return reply.code(400).send();
  return { access_token: token, token_type: 'Bearer', expires_in: 300 };
});
await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) });
