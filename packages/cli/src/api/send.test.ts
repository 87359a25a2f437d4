import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSend } from './send.ts';

async function sendTo(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return createSend({ server: new URL(`http://127.0.0.1:${port}/base/`), token: 'secret', fetch });
}

const call = { method: 'GET', path: '/v1/keys' } as const;

describe('a request', () => {
  test('goes below the path of the server', async () => {
    const send = await sendTo((request, response) => response.end(JSON.stringify({ url: request.url })));
    expect((await send({ ...call, query: { a: 'b&c', d: undefined } })).body).toEqual({ url: '/base/v1/keys?a=b%26c' });
  });

  test('follows no redirect: the token is for this server', async () => {
    const urls: (string | undefined)[] = [];
    const send = await sendTo((request, response) => {
      urls.push(request.url);
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    await expect(send(call)).rejects.toMatchObject({ code: 'server_unreachable' });
    expect(urls).toEqual(['/base/v1/keys']);
  });

  test('reads no answer without an end', async () => {
    const send = await sendTo((_, response) => {
      const more = () => void response.write('x'.repeat(65_536), more);
      more();
    });
    await expect(send(call)).rejects.toMatchObject({ code: 'answer_invalid' });
  });

  test('tells that nobody answers, and not the token', async () => {
    const send = createSend({ server: new URL('http://127.0.0.1:9'), token: 'secret', fetch });
    const failed = send(call);
    await expect(failed).rejects.toMatchObject({ code: 'server_unreachable', exitCode: 1 });
    await expect(failed).rejects.not.toThrow('secret');
  });
});
